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

    @Argument(help: "APPLICATION/ENVIRONMENT; none means all that have targets.")
    var deployments: [String] = []

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        DriftRendering(reports: try keeper.deliverer.drift(deployments.map { try Deployment($0) }))
    }
}
