import ArgumentParser
import Credentials
import Operations

struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Maximum ages by pattern. The most specific pattern counts.",
        discussion: """
            A credential's own --max-age comes first, then policies, then the provider's profile.

            EXAMPLE
              rekeep policy set '*/live/*' --max-age 90d
              rekeep policy list
            """,
        subcommands: [PolicyList.self, PolicySet.self, PolicyUnset.self], defaultSubcommand: PolicyList.self)
}

struct PolicyList: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the policies.", discussion: "EXAMPLE\n  rekeep policy list")

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        PolicyRendering(policies: try keeper.registry.policies())
    }
}

struct PolicySet: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set the maximum age for a pattern.",
        discussion: "EXAMPLE\n  rekeep policy set '*/live/*' --max-age 90d")

    @Argument(help: "A glob over addresses.")
    var pattern: String

    @Option(help: ArgumentHelp("Such as 90d.", valueName: "AGE"))
    var maxAge: Span

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        try keeper.registry.setPolicy(Policy(pattern: try Pattern(pattern), maxAge: maxAge))
        return SentenceRendering(
            "\(pattern): \(maxAge)", json: [("pattern", .text(pattern)), ("max_age_days", .number(maxAge.wholeDays))])
    }
}

struct PolicyUnset: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Remove the policy of a pattern.",
        discussion: "EXAMPLE\n  rekeep policy unset '*/live/*'")

    @Argument(help: "The pattern as it was set.")
    var pattern: String

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        try keeper.registry.unsetPolicy(Pattern(pattern))
        return SentenceRendering("\(pattern) has no policy any more.", json: [("pattern", .text(pattern))])
    }
}
