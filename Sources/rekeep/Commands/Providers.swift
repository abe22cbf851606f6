import ArgumentParser
import Operations

struct Providers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers",
        abstract: "Show the providers' profiles.",
        discussion: """
            Profiles of your own are YAML files in ~/.config/rekeep/providers; docs/providers.md describes them.

            EXAMPLE
              rekeep providers
              rekeep providers domainnameapi
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "One provider; none means all.")
    var name: String?

    func run() throws {
        let console = options.settings.console
        let courier = Opening.courier()
        try Waiting.finish {
            let (profiles, fault) = try await courier.describe(name)
            ProvidersRendering(descriptions: profiles, isDetailed: name != nil).show(options, console)
            if let fault { throw fault }
        }
    }
}
