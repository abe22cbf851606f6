import ArgumentParser
import Credentials
import Operations
import Vault

struct LogCommand: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show the audit log: who did what to which address, and how it ended.",
        discussion: """
            EXAMPLE
              rekeep log -n 20
              rekeep log 'whmcs/**' --since 2026-11-01
              rekeep log --verify
            """)

    @Argument(help: "Globs over addresses; entries about others are left out.")
    var patterns: [String] = []

    @Option(name: .customShort("n"), help: ArgumentHelp("Only the last entries.", valueName: "COUNT"))
    var last: Int?

    @Option(
        help: ArgumentHelp(
            "Only from then on: a date such as 2026-11-01, or a time ago such as 24h.", valueName: "TIME"))
    var since: Since?

    @Flag(help: "Only check that no entry was changed, dropped or reordered.")
    var verify = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if let last, last < 1 { throw ValidationError("-n takes a number from 1 on.") }
    }

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let entries = try keeper.custodian.log()
        guard verify else {
            let patterns = try patterns.map { try Pattern($0) }
            let start = since?.moment(Clock.system.now)
            let wanted = entries.filter { entry in
                start.map { entry.at >= $0 } ?? true && (patterns.isEmpty || entry.isAbout(patterns))
            }
            return LogRendering(entries: last.map { wanted.suffix($0) } ?? wanted[...])
        }
        return SentenceRendering(
            "\(entries.count) entries, none changed, dropped or reordered.",
            json: [("entries", JSON(entries.count)), ("findings", .list([]))])
    }
}

extension LogEntry {
    /// True when it names an address that fits, or a deployment that such an address can be in.
    func isAbout(_ patterns: [Pattern]) -> Bool {
        subject.split(separator: " ").contains { word in
            if let address = try? Address(String(word)) { return patterns.match(address) }
            guard let member = try? Address(word + "/x") else { return false }
            return patterns.contains { pattern in
                let head = pattern.description.split(separator: "/").prefix(2).joined(separator: "/")
                return pattern.matches(member) || (try? Pattern(head + "/*").matches(member)) == true
            }
        }
    }
}

/// A date, or so long ago.
enum Since: ExpressibleByArgument {
    case date(Timestamp)
    case ago(Span)

    init?(argument: String) {
        if argument.utf8.count == 20, argument.hasSuffix("Z"), let day = Timestamp(date: String(argument.prefix(10))) {
            // As `log` itself prints it.
            let parts = argument.dropFirst(11).dropLast().split(separator: ":").compactMap { Int64($0) }
            guard parts.count == 3 else { return nil }
            self = .date(Timestamp(seconds: day.seconds + parts[0] * 3600 + parts[1] * 60 + parts[2]))
        } else if let date = Timestamp(date: argument) {
            self = .date(date)
        } else if let span = Span(argument) {
            self = .ago(span)
        } else {
            return nil
        }
    }

    func moment(_ now: Timestamp) -> Timestamp {
        switch self {
        case .date(let date): date
        case .ago(let span): Timestamp(seconds: now.seconds - span.seconds)
        }
    }
}
