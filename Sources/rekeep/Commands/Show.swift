import ArgumentParser
import Credentials
import Operations
import Sealing

struct Show: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a credential; its secret values stay masked.",
        discussion: """
            With --field only that value is printed. On a terminal, and in JSON, a secret one is masked \
            unless --reveal is given.

            EXAMPLE
              rekeep show whmcs/live/domainnameapi
              rekeep show whmcs/live/domainnameapi --field api_key | some-program
            """)

    @Argument(help: "The address; the provider may be left out where only one fits.")
    var address: String

    @Option(help: ArgumentHelp("Print this value alone.", valueName: "NAME"))
    var field: String?

    @Option(
        name: .customLong("version"),
        help: ArgumentHelp("A version that is kept, instead of the current one.", valueName: "N"))
    var number: Int?

    @Flag(help: "Show secret values.")
    var reveal = false

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let reference = try AddressReference(address)
        if let field, !options.json, reveal || !console.isTerminal {
            return ValueRendering(
                name: field, value: try keeper.registry.value(field, at: reference, version: number),
                lineBreak: console.isTerminal)
        }
        let details = try keeper.registry.details(reference)
        let credential = details.credential
        let fields = credential.terms.fields.filter { field == nil || field == $0.name }
        guard !fields.isEmpty else {
            throw OperationError.unknownField(field ?? "", known: credential.terms.fields.map(\.name))
        }
        let version = try number.map { try keeper.registry.version($0, at: reference) } ?? credential.current
        var values: [String: SecretBytes] = [:]
        for field in fields where reveal || !field.isSecret {
            if !field.isSecret, version?.plain[field.name] == nil { continue }
            values[field.name] = try keeper.registry.value(field.name, at: reference, version: number)
        }
        if let field, !options.json {
            // Only a secret value is masked; one that is not there is not.
            guard fields[0].isSecret || values[field] != nil else {
                throw OperationError.unknownField(field, known: credential.terms.fields.map(\.name))
            }
            return ValueRendering(name: field, value: values[field], lineBreak: true)
        }
        return ShowRendering(details: details, fields: fields, values: values)
    }
}
