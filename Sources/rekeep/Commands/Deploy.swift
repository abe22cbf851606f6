import ArgumentParser
import Credentials
import Operations

struct Deploy: WaitingKeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Write the current values to the targets.",
        discussion: """
            A file that holds them already is not touched. Hooks run where something changed, or where an \
            earlier run left them undone.

            EXAMPLE
              rekeep deploy --dry-run
              rekeep deploy whmcs/live
            """)

    @Argument(help: "APPLICATION/ENVIRONMENT; none means all that have targets.")
    var deployments: [String] = []

    @Flag(help: "Show what would change, by name; write nothing.")
    var dryRun = false

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) async throws -> any Rendering {
        let deployments = try deployments.map { try Deployment($0) }
        if dryRun {
            return PreviewRendering(previews: try keeper.deliverer.preview(deployments))
        }
        Interruption.explain("rekeep deploy does what is left")
        return DeployRendering(reports: try await keeper.deliverer.deploy(deployments))
    }
}
