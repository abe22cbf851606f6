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
        var address: String?
        var field: String?
        var vault: String?
        var identity: String?
        var rest = arguments.dropFirst()
        while let word = rest.popFirst() {
            if !word.hasPrefix("-"), address == nil {
                address = word
                continue
            }
            guard let value = rest.popFirst(), !value.hasPrefix("-") else { return nil }
            switch word {
            case "--field" where field == nil: field = value
            case "--vault" where vault == nil: vault = value
            case "--identity" where identity == nil: identity = value
            default: return nil
            }
        }
        let console = Console(color: .never, isQuiet: false, isVerbose: false)
        guard let address, let field, !console.isTerminal else { return nil }
        self.address = address
        self.field = field
        settings = Settings(vault: vault, identity: identity, console: console)
    }

    func run() throws {
        let reference = try AddressReference(address)
        let value = try Opening(settings: settings).keeper().registry.value(field, at: reference)
        settings.console.print(exactly: value, lineBreak: false)
    }
}
