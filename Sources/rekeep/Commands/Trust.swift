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

    @OptionGroup var options: GlobalOptions

    @OptionGroup var confirmation: Confirmation

    func run() throws {
        let settings = options.settings
        let opening = Opening(settings: settings)
        guard let stranger = try opening.stranger() else {
            return TrustRendering.nothingToDecide(try opening.keeper().custodian.vaultPin, options, settings.console)
        }
        let rendering = TrustRendering(stranger: stranger)
        rendering.describe(settings.console)
        try confirmation.require("Take it for the right vault from now on?", options)
        let retired = try Custodian.trust(stranger)
        rendering.show(retired: retired.flatMap(\.addresses), options, settings.console)
    }
}
