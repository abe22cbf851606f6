import ArgumentParser
import Credentials
import Operations

struct Link: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Bind another application to the same credential.",
        discussion: """
            It is stored once; rotating it through any address delivers to every deployment bound to it.

            EXAMPLE
              rekeep link wisecp/live/domainnameapi whmcs/live/domainnameapi
            """)

    @Argument(help: "The new address.")
    var address: String

    @Argument(help: "An address of the credential.")
    var existing: String

    @Option(help: ArgumentHelp("The first part of its variables' names there.", valueName: "NAME"))
    var prefix: String?

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let credential = try keeper.registry.link(Address(address), to: AddressReference(existing), prefix: prefix)
        return CredentialRendering(
            credential: credential, sentence: "\(address) uses the credential of \(existing).")
    }
}
