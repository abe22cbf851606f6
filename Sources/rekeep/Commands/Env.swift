import ArgumentParser
import Credentials
import Delivery
import Operations
import Sealing

struct Env: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print the .env text of a deployment.",
        discussion: """
            On a terminal secret values are masked unless --reveal is given.

            EXAMPLE
              rekeep env whmcs/live > /run/whmcs.env
              rekeep env whmcs/live --preset whmcs --reveal
            """)

    @Argument(help: "APPLICATION/ENVIRONMENT")
    var deployment: String

    @Option(help: "Whose variable names: plain, or a panel's.")
    var preset = "plain"

    @Option(help: "Who reads the text: \(TargetFormats.all.map(\.name).joined(separator: ", ")).")
    var reader = TargetFormats.standard

    @Flag(help: "Show secret values.")
    var reveal = false

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let preset = try Preset.ofOption(preset)
        let deployment = try Deployment(deployment)
        let variables = try keeper.deliverer.variables(deployment, preset: preset)
        guard !variables.isEmpty else { throw OperationError.emptyDeployment(deployment) }
        keeper.deliverer.noteUse(of: deployment)
        let isMasked = !reveal && (console.isTerminal || options.json)
        let format: any TargetFormat
        do {
            format = try TargetFormats.named(reader)
        } catch {
            throw OperationError.delivery(error)
        }
        var spellings: [String: SecretBytes] = [:]
        var problems: [DeliveryError] = []
        for variable in variables where !(isMasked && variable.isSecret) && !options.json {
            do throws(DeliveryError) {
                spellings[variable.name] = try format.spelling(of: variable)
            } catch {
                problems.append(error)
            }
        }
        return EnvRendering(variables: variables, spellings: spellings, problems: problems, isMasked: isMasked)
    }
}

extension Preset {
    static func ofOption(_ name: String) throws -> Preset {
        do {
            return try Preset.named(name)
        } catch {
            throw OperationError.delivery(error)
        }
    }
}
