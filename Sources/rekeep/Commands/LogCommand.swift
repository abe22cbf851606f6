import ArgumentParser
import Operations

struct LogCommand: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show the audit log: who did what to which address, and how it ended.",
        discussion: """
            EXAMPLE
              rekeep log
              rekeep log --verify
            """)

    @Flag(help: "Only check that no entry was changed, dropped or reordered.")
    var verify = false

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let entries = try keeper.custodian.log()
        guard verify else { return LogRendering(entries: entries) }
        return SentenceRendering(
            "\(entries.count) entries, none changed, dropped or reordered.",
            json: [("entries", JSON(entries.count)), ("findings", .list([]))])
    }
}

struct Verify: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every seal of the vault, its freshness and its log. Exits with 1 when anything is wrong.",
        discussion: "EXAMPLE\n  rekeep verify")

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        // Almost always what was told when the vault was opened; a key that is taken in only now must be told too.
        let found = keeper.rotations.takeInEmergencyFiles()
        EmergencyFileNotice.tell((found.taken, []), console)
        return VerifyRendering(
            report: try keeper.custodian.verify(), left: found.left, vault: keeper.custodian.vaultPin)
    }
}
