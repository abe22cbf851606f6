import ArgumentParser
import Credentials
import Operations
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
        return try SecretObject.objects(SecretFile.read(input), source: source)
    }

    /// The values by field name, as they were given.
    /// - Parameters:
    ///   - fields: what to ask for at the terminal; optional ones may be left empty.
    ///   - judge: refuses a typed value, which is then asked for again; it gets the values so far, that one with them.
    func values(
        _ fields: [Field], _ options: GlobalOptions,
        judge: (Field, [String: SecretBytes]) throws -> Void = { _, _ in }
    ) throws -> [String: SecretBytes] {
        if let input {
            let source = input == "-" ? "stdin" : input
            return try SecretObject.texts(SecretFile.read(input), source: source)
        }
        let prompt = try prompt(fields, options)
        var values: [String: SecretBytes] = [:]
        var isBehindSecret = false
        for field in fields {
            let question =
                field.label + (field.isOptional ? " (may be empty)" : "") + (field.isSecret ? " (not shown)" : "")
                + ": "
            while true {
                guard
                    let typed = field.isSecret
                        ? prompt.secret(question) : prompt.text(question, hidingTypedAhead: isBehindSecret)
                else { throw CommandError.inputEnded }
                values[field.name] = typed.count > 0 ? typed : nil
                if field == fields.last, prompt.hasMore {
                    // Perhaps the rest of a key that was broken over two lines.
                    prompt.show("More than one line was pasted for it, so nothing was taken.\n")
                    prompt.forget()
                    continue
                }
                do {
                    try judge(field, values)
                    isBehindSecret = isBehindSecret || field.isSecret
                    break
                } catch let error as OperationError where error.isAboutInput {
                    Console.complain(Complaint(error))
                    // What was pasted behind it answered the questions behind it.
                    prompt.forget()
                }
            }
        }
        return values
    }

    /// Where to ask for the fields.
    /// - Throws: where nobody can be asked.
    func prompt(_ fields: [Field], _ options: GlobalOptions) throws -> Prompt {
        guard !options.noInput, let prompt = Prompt() else {
            let names = fields.filter { !$0.isOptional }.map(\.label).joined(separator: " and ")
            throw CommandError.needsInput(what: names, option: "--input FILE")
        }
        return prompt
    }
}

/// When the provider ends a key.
struct ExpiryOption: ParsableArguments {
    @Option(help: ArgumentHelp("When the provider ends the key, such as 2027-01-31.", valueName: "DATE"))
    var expires: Timestamp?

    /// A key that cannot live for ever has a date; it is asked for where somebody can answer.
    func moment(
        _ terms: Terms, asks: Bool, _ keeper: Keeper, _ console: Console, _ options: GlobalOptions
    ) throws -> Timestamp? {
        guard expires == nil, let lifetime = terms.lifetime else { return expires }
        guard asks, !options.noInput, let prompt = Prompt() else {
            console.note("The provider ends this key within \(lifetime); --expires DATE has it flagged before.")
            return nil
        }
        let question = "Expires on (YYYY-MM-DD, at most \(lifetime) from now; empty if you don't know): "
        // Asked again until it is a date: what was typed before must not be lost to a slip.
        while let typed = prompt.text(question), typed.count > 0 {
            let text = typed.withBytes { String(decoding: $0, as: UTF8.self) }
            guard let date = Timestamp(date: text) else {
                prompt.show("That is not a date such as 2027-01-31.\n")
                continue
            }
            do {
                try terms.checkExpiry(date, at: Clock.system.now)
                return date
            } catch {
                prompt.show("That can't be: \(Complaint(error).text).\n")
            }
        }
        return nil
    }
}

/// How a key is proved, and what is answered beforehand.
struct ControlOption: ParsableArguments {
    @Flag(help: "Do not try whether the provider refuses a wrong key.")
    var noControl = false

    @Flag(help: "Do not wait when the provider asks to slow down.")
    var noWait = false

    func asked(_ keeper: Keeper) -> Keeper { noWait ? keeper.notWaiting() : keeper }

    /// - Parameter isOtherAccount: two living keys that show different balances are taken without asking.
    func proof(_ console: Console, _ options: GlobalOptions, isOtherAccount: Bool = false) -> ProofOptions {
        ProofOptions(controls: !noControl) { field, removals in
            for line in RemovalNotice.lines(removals, of: field) { console.note(line) }
        } waiting: { pause in
            console.note("The provider refuses the new key; it may not be live yet. Trying again in \(pause).")
        } holding: {
            Interruption.hold($0)
        } isOneAccount: { old, new in
            if isOtherAccount { return true }
            guard !options.noInput, let prompt = Prompt() else { return false }
            guard !old.isEmpty else {
                return prompt.confirm(
                    "The old key gets no answer now, and the new one shows \(CheckRendering.text(new)). Are they of one account?"
                )
            }
            return prompt.confirm(
                "Both keys work, and show different balances: \(CheckRendering.text(old)) and \(CheckRendering.text(new)). Are they of one account?"
            )
        } handingOver: {
            KeyHandover.give($0, options)
        }
    }
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
