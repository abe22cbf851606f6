import ArgumentParser
import Credentials
import Operations

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

    @OptionGroup var options: GlobalOptions

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

    func run(_ keeper: Keeper, _ console: Console) throws {
        let reference = try AddressReference(address)
        if let field, !options.json {
            if reveal || !console.isTerminal { return try Self.printValue(field, reference, number, keeper, console) }
            let (_, credential) = try keeper.registry.show(reference)
            if let number { _ = try keeper.registry.version(number, at: reference) }
            if credential.terms.secretFields.contains(where: { $0.name == field }) {
                console.print(Mask.text)
                console.note("Masked on a terminal; --reveal shows it.")
            } else {
                console.print(
                    exactly: try keeper.registry.value(field, at: reference, version: number), lineBreak: true)
            }
            return
        }
        let (address, credential) = try keeper.registry.show(reference)
        let names = credential.terms.fields.map(\.name).filter { field == nil || field == $0 }
        guard !names.isEmpty else {
            throw OperationError.unknownField(field ?? "", known: credential.terms.fields.map(\.name))
        }
        let version = try number.map { try keeper.registry.version($0, at: reference) } ?? credential.current
        try ShowRendering(address: address, credential: credential, version: version, names: names, reveal: reveal)
            .show(options, console) { try keeper.registry.value($0, at: reference, version: number) }
    }

    /// The value and nothing else, with a line break for a person.
    static func printValue(
        _ field: String, _ reference: AddressReference, _ number: Int?, _ keeper: Keeper, _ console: Console
    ) throws {
        console.print(
            exactly: try keeper.registry.value(field, at: reference, version: number), lineBreak: console.isTerminal)
    }
}
