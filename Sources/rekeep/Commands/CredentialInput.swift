import ArgumentParser
import Credentials
import Sealing

/// Where the values of a credential come from: `--input`, or hidden prompts.
struct CredentialInput: ParsableArguments {
    @Option(
        help: ArgumentHelp("Read a JSON object of field names to values from FILE, or - for stdin.", valueName: "FILE"))
    var input: String?

    /// The values of several credentials, by the name of the address that they were given for; nil without `--input`.
    func valuesByAddress() throws -> [String: [String: SecretBytes]]? {
        guard let input else { return nil }
        let source = input == "-" ? "stdin" : input
        return try SecretObject.objects(SecretFile.read(input, mustBePrivate: false), source: source)
    }

    /// The values by field name, as they were given.
    /// - Parameter fields: what to ask for at the terminal; optional ones may be left empty.
    func values(_ fields: [Field], _ options: GlobalOptions) throws -> [String: SecretBytes] {
        if let input {
            let source = input == "-" ? "stdin" : input
            return try SecretObject.texts(SecretFile.read(input, mustBePrivate: false), source: source)
        }
        guard !options.noInput, let prompt = Prompt() else {
            let names = fields.filter { !$0.isOptional }.map(\.label).joined(separator: " and ")
            throw CommandError.needsInput(what: names, option: "--input FILE")
        }
        var values: [String: SecretBytes] = [:]
        for field in fields {
            let question =
                field.label + (field.isOptional ? " (may be empty)" : "") + (field.isSecret ? " (not shown)" : "")
                + ": "
            let answer = field.isSecret ? prompt.secret(question) : prompt.text(question)
            if let answer, answer.count > 0 { values[field.name] = answer }
        }
        return values
    }
}

/// Whether a wrong key is tried once, to see that it is refused.
struct ControlOption: ParsableArguments {
    @Flag(help: "Do not try whether the provider refuses a wrong key.")
    var noControl = false
}

/// Asks before something that cannot be taken back.
struct Confirmation: ParsableArguments {
    @Flag(help: "Answer the confirmations with yes.")
    var yes = false

    func require(_ question: String, _ options: GlobalOptions) throws {
        if yes { return }
        guard !options.noInput, let prompt = Prompt() else { throw CommandError.needsConfirmation }
        guard prompt.confirm(question) else { throw CommandError.declined }
    }
}
