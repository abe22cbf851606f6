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

    @OptionGroup var options: GlobalOptions

    @Argument(help: "APPLICATION/ENVIRONMENT; none means all that have targets.")
    var deployments: [String] = []

    @Flag(help: "Show what would change, by name; write nothing.")
    var dryRun = false

    func run(_ keeper: Keeper, _ console: Console) async throws {
        let deployments = try deployments.map { try Deployment($0) }
        if dryRun {
            try PreviewRendering(previews: keeper.deliverer.preview(deployments)).show(options, console)
        } else {
            Interruption.explain("rekeep deploy does what is left")
            try DeployRendering(reports: try await keeper.deliverer.deploy(deployments)).show(options, console)
        }
    }
}
