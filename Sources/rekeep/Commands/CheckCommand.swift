import ArgumentParser
import Credentials
import Operations

struct CheckCommand: WaitingKeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Make the balance call of each credential, in parallel and within the rate limits.",
        discussion: """
            Exits with 1 when a key is refused, with 69 when only some answers were not usable.

            EXAMPLE
              rekeep check
              rekeep check '*/live/*' --json
            """)

    @Argument(help: "Globs over addresses; none means all.")
    var patterns: [String] = []

    @Flag(help: "Do not wait when a provider asks to slow down.")
    var noWait = false

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) async throws -> any Rendering {
        let reports = try await (noWait ? keeper.notWaiting() : keeper).prober.check(patterns.map { try Pattern($0) }) {
            done, total in
            if total > 1 { console.progress("\(done) of \(total) answered") }
        }
        console.progress("")
        return CheckRendering(reports: reports)
    }
}
