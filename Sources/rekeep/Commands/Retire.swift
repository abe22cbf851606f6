import ArgumentParser
import Credentials
import Operations

struct Retire: WaitingKeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Prove that the previous key is dead, then erase it.",
        discussion: """
            The provider has to refuse it twice, a minute apart; the first refusal is remembered, and --wait \
            stays for the second.

            EXAMPLE
              rekeep retire whmcs/live/domainnameapi --wait
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The address; the provider may be left out where only one fits.")
    var address: String

    @Flag(help: "Stay until the second refusal, a minute later.")
    var wait = false

    @Flag(help: "Ask the provider to end the old key first, where its profile says how.")
    var revoke = false

    func run(_ keeper: Keeper, _ console: Console) async throws {
        let (address, versions) = try await retire(keeper, AddressReference(address), console)
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
    private func retire(
        _ keeper: Keeper, _ reference: AddressReference, _ console: Console
    ) async throws -> (Address, [Version]) {
        guard wait else { return try await keeper.retire(reference, revoking: revoke) }
        let again: Timestamp
        do {
            return try await keeper.retire(reference, revoking: revoke)
        } catch {
            guard case .refusedOnce(let time) = error else { throw error }
            again = time
        }
        console.note("Refused once; asking again at \(again).")
        await keeper.wait(until: again)
        return try await keeper.retire(reference, revoking: revoke)
    }
}
