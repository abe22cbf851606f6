import ArgumentParser
import Credentials
import Operations

struct Add: WaitingKeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Store a credential, after the provider has accepted it.",
        discussion: """
            EXAMPLE
              rekeep add whmcs/live/domainnameapi
              rekeep add portal/live/bearer@acme --base-url https://api.acme.example
              rekeep add whmcs/live/domainnameapi --input - < values.json
            """)

    @Argument(help: "APPLICATION/ENVIRONMENT/PROVIDER[@ACCOUNT]")
    var address: String

    @OptionGroup var input: CredentialInput

    @Option(
        help: ArgumentHelp(
            "Ask here instead of at the profile's host (https; http on this machine only).", valueName: "URL"))
    var baseURL: String?

    @Option(help: ArgumentHelp("The first part of its variables' names.", valueName: "NAME"))
    var prefix: String?

    @Option(help: ArgumentHelp("The age at which it is overdue, such as 90d.", valueName: "AGE"))
    var maxAge: Span?

    @OptionGroup var expiry: ExpiryOption

    @Option(help: ArgumentHelp("A remark.", valueName: "TEXT"))
    var note: String = ""

    @Option(help: ArgumentHelp("The account that it belongs to, as you know it.", valueName: "NAME"))
    var account: String = ""

    @Flag(help: "Store it without a balance call, and flag it.")
    var noCheck = false

    @OptionGroup var control: ControlOption

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) async throws -> any Rendering {
        let address = try Address(address)
        let description = try await keeper.prober.profile(of: address.provider)
        if let file = description.replacingFile { console.note(OwnProfileNotice.text(file)) }
        let terms: Terms
        do {
            terms = try description.terms(environment: address.deployment.environment, ownBaseURL: baseURL)
        } catch {
            throw OperationError.provider(description.id, error)
        }
        if input.input == nil { try keeper.registry.confirmFree(address) }
        let values = try input.values(terms.fields, options) { field, typed in
            try keeper.registry.judge(field, in: typed, terms, for: address)
        }
        if input.input == nil, let holder = try keeper.registry.holder(of: values, terms, for: address),
            let prompt = Prompt(),
            prompt.confirm("\(holder) has this key already. Link \(address) to it, so that it is stored once?")
        {
            let credential = try keeper.registry.link(address, to: AddressReference(holder.description), prefix: prefix)
            return CredentialRendering(credential: credential, sentence: "\(address) uses the credential of \(holder).")
        }
        let report = try await control.asked(keeper).registry.add(
            AddRequest(
                address: address, terms: terms, hasOwnBaseURL: baseURL != nil, values: values, checks: !noCheck,
                proof: control.proof(console, options), prefix: prefix, maxAge: maxAge,
                expires: try expiry.moment(terms, asks: input.input == nil, keeper, console, options), note: note,
                account: account))
        return AddRendering(report: report)
    }
}
