import ArgumentParser
import Credentials
import Operations

struct Rename: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Give an address another application or account.",
        discussion: """
            EXAMPLE
              rekeep rename billing/live/domainnameapi billing-cron/live/domainnameapi
            """)

    @Argument(help: "The address as it is.")
    var old: String

    @Argument(help: "The address as it will be.")
    var new: String

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let report = try keeper.registry.rename(AddressReference(old), to: Address(new))
        return CredentialRendering(
            credential: report.credential, sentence: "\(old) is now \(new).",
            notes: report.targets.map { "\($0) still holds its values, and is not written any more." })
    }
}
