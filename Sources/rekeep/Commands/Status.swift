import ArgumentParser
import Credentials
import Operations

struct Status: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show ages, limits and flags. Exits with 1 when anything is flagged.",
        discussion: """
            EXAMPLE
              rekeep status
              rekeep status --flagged
              rekeep status '*/live/*' --json
            """)

    @Argument(help: "Globs over addresses; none means all.")
    var patterns: [String] = []

    @Flag(help: "Only what is flagged.")
    var flagged = false

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let reports = try keeper.overview.status(patterns.map { try Pattern($0) })
        return StatusRendering(
            reports: flagged ? reports.filter { !$0.flags.isEmpty } : reports, total: reports.count)
    }
}
