import ArgumentParser
import Credentials
import Operations

struct Drift: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Tell whether the targets still hold the current values.",
        discussion: """
            EXAMPLE
              rekeep drift
              rekeep drift whmcs/live --json
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "APPLICATION/ENVIRONMENT; none means all that have targets.")
    var deployments: [String] = []

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        DriftRendering(reports: try keeper.deliverer.drift(deployments.map { try Deployment($0) }))
    }
}
