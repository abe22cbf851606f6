import Credentials

/// `show ADDRESS --field NAME` without ArgumentParser, for scripts that read one value at a time.
///
/// ArgumentParser finds its way by reflection, and each step asks the runtime for a protocol conformance
/// among thousands: measured, that takes longer than opening the vault and reading the value. Only the
/// plain form into a pipe or file is taken here; everything else goes the usual way.
struct QuickRead {
    private let address: String
    private let field: String
    private let settings: Settings

    /// Nil when the arguments are anything but the plain form.
    init?(_ arguments: ArraySlice<String>) {
        guard arguments.first == "show" else { return nil }
        var words: [String] = []
        var options: [String: String] = [:]
        var rest = arguments.dropFirst()
        while let word = rest.popFirst() {
            if word.hasPrefix("-") {
                guard ["--field", "--vault", "--identity"].contains(word), let value = rest.popFirst(),
                    !value.hasPrefix("-"), options.updateValue(value, forKey: word) == nil
                else { return nil }
            } else {
                words.append(word)
            }
        }
        let console = Console(color: .never, isQuiet: false, isVerbose: false)
        guard words.count == 1, let field = options["--field"], !console.isTerminal else { return nil }
        address = words[0]
        self.field = field
        settings = Settings(vault: options["--vault"], identity: options["--identity"], console: console)
    }

    func run() throws {
        let reference = try AddressReference(address)
        try Show.printValue(field, reference, try Opening(settings: settings).keeper(), settings.console)
    }
}
