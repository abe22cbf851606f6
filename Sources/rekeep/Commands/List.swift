import ArgumentParser
import Credentials
import Operations

struct List: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the credentials as a tree of application, environment and provider.",
        discussion: """
            EXAMPLE
              rekeep list
              rekeep list 'whmcs/**' '*/test/*'
            """,
        aliases: ["ls"])

    @Argument(help: "Globs over addresses; none means all.")
    var patterns: [String] = []

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        ListRendering(found: try keeper.registry.list(patterns.map { try Pattern($0) }))
    }
}
