import ArgumentParser

extension Console.Color: ExpressibleByArgument {}

/// The options that every command takes. Help shows options in the order in which they are declared: a command's own come
/// first.
struct GlobalOptions: ParsableArguments {
    @Option(name: .customLong("vault"), help: ArgumentHelp("The vault's file.", valueName: "FILE"))
    var vault: String?

    @Option(
        name: .customLong("vault-id"),
        help: ArgumentHelp("Refuse any other vault than this one (REKEEP-VAULT-1-…).", valueName: "ID"))
    var vaultID: String?

    @Option(name: .customLong("identity"), help: ArgumentHelp("Open with this identity.", valueName: "FILE"))
    var identity: String?

    @Option(help: ArgumentHelp("Read the passphrase from FILE or /dev/fd/N.", valueName: "FILE"))
    var passphraseFile: String?

    @Flag(help: "One JSON document on stdout.")
    var json = false

    @Flag(help: "Never prompt.")
    var noInput = false

    @Option(help: "auto, always or never.")
    var color: Console.Color = .auto

    @Flag(name: .shortAndLong, help: "More on stderr.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Less on stderr.")
    var quiet = false

    var format: OutputFormat { json ? .json : .text }

    var settings: Settings {
        var settings = Settings(
            vault: vault, identity: identity, console: Console(color: color, isQuiet: quiet, isVerbose: verbose))
        settings.passphraseFile = passphraseFile
        if let vaultID { settings.vaultID = vaultID }
        settings.json = json
        settings.noInput = noInput
        return settings
    }
}
