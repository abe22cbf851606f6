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

    @Argument(help: "The address; the provider may be left out where only one fits.")
    var address: String

    @Flag(help: "Stay until the second refusal, a minute later.")
    var wait = false

    @Flag(help: "Do not wait when the provider asks to slow down.")
    var noWait = false

    @Flag(help: "Ask the provider to end the old key first, where its profile says how.")
    var revoke = false

    @OptionGroup var confirmation: Confirmation

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) async throws -> any Rendering {
        let staying: ((Timestamp) -> Void)? =
            wait ? { console.note("Refused once; asking again at \($0).") } : nil
        if revoke, let end = try keeper.rotations.graceEnd(AddressReference(address)) {
            try confirmation.require(
                "The old key is to stay valid until \(end): something may still use it. End it now?", options)
        }
        let (address, versions) = try await (noWait ? keeper.notWaiting() : keeper).rotations.retire(
            AddressReference(address), revoking: revoke, staying: staying)
        return RetireRendering(address: address, versions: versions)
    }
}
