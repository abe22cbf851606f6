import ArgumentParser
import Credentials
import Operations

struct Retire: WaitingKeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Prove that the previous key is dead, then erase it.",
        discussion: """
            The provider has to refuse it twice, a minute apart; the first refusal is remembered.

            EXAMPLE
              rekeep retire whmcs/live/domainnameapi
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The address; the provider may be left out where only one fits.")
    var address: String

    func run(_ keeper: Keeper, _ console: Console) async throws {
        let (address, versions) = try await keeper.retire(AddressReference(address))
        if options.json {
            console.print(
                JSON.list(
                    versions.map {
                        .object([
                            ("address", .text(address.description)), ("version", JSON($0.number)),
                            ("state", .text($0.state.name)), ("retired_at", JSON($0.retiredAt)),
                        ])
                    }
                ))
        } else {
            for version in versions { console.print("\(address): version \(version.number) is dead and erased.") }
        }
    }
}
