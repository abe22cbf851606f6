import ArgumentParser
import Credentials
import Delivery
import Operations

struct TargetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "target",
        abstract: "The targets that a deployment is written to.",
        discussion: """
            EXAMPLE
              rekeep target add cron/live --path /srv/cron/.env --reader systemd
              rekeep target list whmcs/live
            """,
        subcommands: [TargetAdd.self, TargetList.self, TargetRemove.self])
}

struct TargetAdd: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a target; nothing is written until deploy or rotate.",
        discussion:
            """
            EXAMPLE
              rekeep target add cron/live --path /srv/cron/.env --reader systemd
              rekeep target add shop/live --path /srv/shop/.env --group www-data
              rekeep target add shop/live --path .env --hook './reload shop'
            """
    )

    @Argument(help: "APPLICATION/ENVIRONMENT")
    var deployment: String

    @Option(help: ArgumentHelp("The file; other variables in it are kept.", valueName: "FILE"))
    var path: String

    @Option(help: "Whose variable names: \(Preset.all.map(\.name).joined(separator: ", ")).")
    var preset = "plain"

    @Option(
        name: [.customLong("reader"), .customLong("dialect")],
        help: "Who reads the file: \(TargetFormats.all.map(\.name).joined(separator: ", ")).")
    var reader = TargetFormats.standard

    @Option(help: "Permission bits, such as 0640; else an existing file's own, or 0600.")
    var mode: FileMode?

    @Option(help: "The file's owner, by name or number.")
    var owner: String?

    @Option(help: "The file's group, by name or number.")
    var group: String?

    @Flag(
        help: ArgumentHelp(
            "Write through the file that is there: for a file that is mounted by itself or has other names. Readers may see a mixture of old and new for a moment."
        ))
    var inPlace = false

    @Option(
        help: ArgumentHelp(
            "Run after a change, once for all targets that name it: words, not a shell line.", valueName: "COMMAND"))
    var hook: String?

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let words: [String]
        do {
            words = try hook.map { line throws(DeliveryError) in try Hook.words(line) } ?? []
        } catch {
            throw OperationError.delivery(error)
        }
        // As it is seen from anywhere else.
        let path = TargetWriter.canonical(path)
        let target = Target(
            path: path, preset: preset, reader: reader, mode: mode?.bits, owner: owner, group: group, hook: words,
            isInPlace: inPlace)
        let deployment = try Deployment(deployment)
        try keeper.deliverer.addTarget(target, to: deployment)
        return TargetAddRendering(target: target, deployment: deployment)
    }
}

struct TargetList: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the targets of all deployments, or of those that are named.",
        discussion: "EXAMPLE\n  rekeep target list\n  rekeep target list whmcs/live")

    @Argument(help: "APPLICATION/ENVIRONMENT; none means all.")
    var deployments: [String] = []

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        TargetRendering(targets: try keeper.deliverer.targets(deployments.map { try Deployment($0) }))
    }
}

struct TargetRemove: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a target; its file stays as it is.",
        discussion: "EXAMPLE\n  rekeep target remove whmcs/live --path /srv/whmcs/.env")

    @Argument(help: "APPLICATION/ENVIRONMENT")
    var deployment: String

    @Option(help: ArgumentHelp("The file.", valueName: "FILE"))
    var path: String

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let path = TargetWriter.canonical(path)
        try keeper.deliverer.removeTarget(path: path, from: Deployment(deployment))
        return SentenceRendering(
            "\(path) is not written any more; it stays as it is.",
            json: [("deployment", .text(deployment)), ("path", .text(path))])
    }
}

/// Permission bits in octal.
struct FileMode: ExpressibleByArgument {
    let bits: UInt32

    init?(argument: String) {
        guard let bits = UInt32(argument, radix: 8), bits <= 0o777 else { return nil }
        self.bits = bits
    }
}
