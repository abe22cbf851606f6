import ArgumentParser
import Files
import Operations

struct Providers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers",
        abstract: "Show the providers' profiles, or try one of your own.",
        discussion: """
            Profiles of your own are YAML files in ~/.config/rekeep/providers; docs/providers.md describes them.

            EXAMPLE
              rekeep providers
              rekeep providers domainnameapi
              rekeep providers validate my-registrar.yaml
            """,
        subcommands: [ProvidersShow.self, ProvidersValidate.self], defaultSubcommand: ProvidersShow.self)
}

struct ProvidersShow: RekeepCommand {
    static let startsPrograms = true

    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one profile, or all in short.",
        discussion: "EXAMPLE\n  rekeep providers show domainnameapi")

    @Argument(help: "One provider; none means all.")
    var name: String?

    @OptionGroup var options: GlobalOptions

    func result(_ console: Console) throws -> any Rendering {
        let courier = Opening.courier(console)
        let (profiles, faults) = try Waiting.finish { try await courier.describe(name) }
        return ProvidersRendering(descriptions: profiles, faults: faults, isDetailed: name != nil)
    }
}

struct ProvidersValidate: RekeepCommand {
    static let startsPrograms = true

    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Load a profile from a file and run its samples.",
        discussion: "EXAMPLE\n  rekeep providers validate my-registrar.yaml")

    @Argument(help: "The YAML file.")
    var file: String

    @OptionGroup var options: GlobalOptions

    func result(_ console: Console) throws -> any Rendering {
        let courier = Opening.courier(console)
        let path = Paths.absolute(file)
        let content = try SecretFile.read(path).withBytes { String(decoding: $0, as: UTF8.self) }
        let profile = try Waiting.finish { try await courier.validate(path, content: content) }
        return ProvidersRendering(descriptions: [profile], faults: [], isDetailed: true)
    }
}
