import ArgumentParser
import Operations
import Vault

struct Trust: RekeepCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Take the vault that lies there for the right one, although this machine knows another.",
        discussion: """
            It shows what this machine knows and what lies there, and asks. Needed after a vault was moved in \
            from elsewhere, or when a record of this machine was lost; if you did neither, somebody else did.

            EXAMPLE
              rekeep trust
            """)

    @OptionGroup var confirmation: Confirmation

    @OptionGroup var options: GlobalOptions

    func result(_ console: Console) throws -> any Rendering {
        let opening = Opening(settings: options.settings)
        guard let stranger = try opening.stranger() else {
            return TrustRendering(vault: try opening.keeper().custodian.vaultPin, doubt: nil)
        }
        TrustRendering.describe(stranger, console)
        try confirmation.require("Take it for the right vault from now on?", options)
        let retired = try Custodian.trust(stranger)
        return TrustRendering(vault: stranger.pin, doubt: stranger.doubt, retired: retired.flatMap(\.addresses))
    }
}
