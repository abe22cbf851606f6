import ArgumentParser
import Credentials
import Operations

struct Remove: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove an address; with its last one the credential is erased.",
        discussion: """
            EXAMPLE
              rekeep remove wisecp/live/domainnameapi
            """,
        aliases: ["rm"])

    @Argument(help: "The address; the provider may be left out where only one fits.")
    var address: String

    @OptionGroup var confirmation: Confirmation

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let reference = try AddressReference(address)
        let (found, credential) = try keeper.registry.show(reference)
        let isOpen = keeper.rotations.unfinished(found) != nil
        if credential.bindings.count == 1 {
            if let pending = credential.version(in: .pending) {
                console.warn(
                    "Version \(pending.number) is pending: a new key that is nowhere else. rekeep rotate --resume \(found) makes it current."
                )
            }
            try confirmation.require(
                "\(found) is the last address of this credential\(isOpen ? ", and a rotation of it is unfinished" : ""). Erase its keys for good?",
                options)
        }
        let report = try keeper.registry.remove(.complete(found))
        return SentenceRendering(
            report.removedCredential ? "Removed \(found) and erased its keys." : "Removed \(found).",
            json: [
                ("address", .text(report.address.description)), ("erased", .bool(report.removedCredential)),
                ("targets", .list(report.targets.map(JSON.text))),
            ],
            notes: (report.removedCredential && isOpen ? ["Its unfinished rotation went with it."] : [])
                + report.targets.map { "\($0) may still hold its values." })
    }
}
