import ArgumentParser
import Credentials
import Operations
import Sealing

struct Edit: WaitingKeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change what is not secret: plain fields, ages, remarks, prefixes.",
        discussion: """
            New plain values are proved with a balance call before they are stored. A new key needs rotate.

            EXAMPLE
              rekeep edit whmcs/live/domainnameapi --max-age 90d --note 4711
            """)

    @Argument(help: "The address; the provider may be left out where only one fits.")
    var address: String

    @OptionGroup var input: CredentialInput

    @Option(help: ArgumentHelp("The age at which it is overdue, such as 90d.", valueName: "AGE"))
    var maxAge: Span?

    @Option(help: ArgumentHelp("When the provider ends it, such as 2027-01-31.", valueName: "DATE"))
    var expires: Timestamp?

    @Option(help: ArgumentHelp("A remark.", valueName: "TEXT"))
    var note: String?

    @Option(help: ArgumentHelp("The account that it belongs to, as you know it.", valueName: "NAME"))
    var account: String?

    @Option(help: ArgumentHelp("The first part of its variables' names at this address.", valueName: "NAME"))
    var prefix: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard
            input.input != nil || maxAge != nil || expires != nil || note != nil || account != nil
                || prefix != nil
        else {
            throw ValidationError("Say what to change: --input, --max-age, --expires, --note, --account or --prefix.")
        }
    }

    func run(_ keeper: Keeper, _ console: Console) async throws -> any Rendering {
        var edit = Registry.Edit()
        if input.input != nil { edit.plain = try input.values([], options) }
        edit.maxAge = maxAge
        edit.expires = expires
        edit.note = note
        edit.account = account
        edit.prefix = prefix
        let credential = try await keeper.registry.edit(AddressReference(address), edit)
        return CredentialRendering(credential: credential, sentence: "Changed \(address).")
    }
}
