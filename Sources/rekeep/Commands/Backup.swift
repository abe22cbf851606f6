import ArgumentParser
import Operations
import Vault

struct Backup: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the vault into a new file, while others go on working with it, and verify the copy.",
        discussion: """
            The copy opens with the slots that the vault has now, and holds nothing in clear text.

            EXAMPLE
              rekeep backup /var/backups/rekeep-2026-11-21.db
            """)

    @Argument(help: "Where to put the copy; nothing may lie there.")
    var file: String

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let report = try keeper.custodian.backUp(to: file)
        return SentenceRendering(
            "Copied generation \(report.generation) to \(file) and verified it.",
            json: [
                ("file", .text(file)), ("generation", .number(Int64(clamping: report.generation))),
                ("records", JSON(report.rows.reduce(0) { $0 + $1.count })),
            ])
    }
}

struct Restore: RekeepCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Verify a copy and put it in the vault's place; what lay there is kept beside it.",
        discussion: """
            A copy that is older than the vault, or than the last one seen on this machine, is refused: it would \
            bring retired keys back. With --accept-rollback it is restored without those keys.

            EXAMPLE
              rekeep restore /var/backups/rekeep-2026-11-21.db
            """)

    @Argument(help: "The copy.")
    var file: String

    @Flag(help: "Restore a copy that is older than the newest vault known.")
    var acceptRollback = false

    @OptionGroup var options: GlobalOptions

    func result(_ console: Console) throws -> any Rendering {
        let settings = options.settings
        let opening = Opening(settings: settings)
        let source: CopyToRestore
        let location: Acquaintance.Location
        do {
            source = try CopyToRestore(of: file, to: settings.vaultPath)
            location = try source.rememberedLocation
        } catch {
            if case .missing(file) = error { throw CommandError.noCopy(path: file) }
            throw OperationError.vault(error)
        }
        let acquaintance = try opening.acquaintance(location)
        let opener = try opening.opener(of: source.file)
        let report = try Custodian.restore(
            source, acceptingRollback: acceptRollback
        ) { file throws(VaultError) in try file.open(with: opener, as: acquaintance) }
        return RestoreRendering(report: report)
    }
}
