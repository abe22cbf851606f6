import ArgumentParser
import Operations

struct Verify: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every seal of the vault, its freshness and its log. Exits with 1 when anything is wrong.",
        discussion: "EXAMPLE\n  rekeep verify")

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering { try Self.report(keeper, console) }

    static func report(_ keeper: Keeper, _ console: Console) throws -> VerifyRendering {
        // Almost always what was told when the vault was opened; a key that is taken in only now must be told too.
        let found = keeper.rotations.takeInEmergencyFiles()
        EmergencyFileNotice.tell((found.taken, []), console)
        return VerifyRendering(
            report: try keeper.custodian.verify(), left: found.left, vault: keeper.custodian.vaultPin)
    }
}
