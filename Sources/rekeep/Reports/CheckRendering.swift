import Credentials
import Operations

/// The lines of `check`.
struct CheckRendering {
    let reports: [CheckReport]

    func show(_ options: GlobalOptions, _ console: Console) throws {
        if options.json {
            console.print(
                JSON.list(
                    reports.map {
                        Self.json($0.address, $0.credential, $0.check, accepted: $0.accepted, untried: $0.untried)
                    }))
        } else {
            var table = Table("ADDRESS", "OUTCOME", "BALANCE", "TIME", "")
            for report in reports {
                table.add(
                    (report.address.description, nil), (report.check.outcome.name, Self.tone(report.check.outcome)),
                    (Self.balance(report.check), nil), (report.check.latency.map { "\($0) ms" } ?? "", nil),
                    (report.check.outcome == .ok ? "" : CheckSentence.text(report.check, report.credential.terms), nil))
            }
            console.print(table)
        }
        for report in reports {
            guard let number = report.accepted.first else {
                if !report.untried.isEmpty { console.note(Self.untried(report)) }
                continue
            }
            console.note(
                "\(report.address): the current key is refused, and version \(number) is accepted. rekeep rotate \(report.address) --to \(number) makes it current again."
            )
        }
        // One credential may stand at several addresses.
        var told: Set<String> = []
        for complaint in reports.compactMap(\.refusal).map({ Complaint($0) }) where told.insert(complaint.text).inserted
        {
            console.complain(complaint)
        }
        let outcomes = reports.map(\.check.outcome)
        if outcomes.contains(where: { $0 != .ok && !$0.isIndeterminate }) {
            throw CommandError.notWell(ExitStatus.notWell)
        }
        if reports.contains(where: { $0.refusal != nil }) { throw CommandError.notWell(ExitStatus.badConfiguration) }
        if outcomes.contains(where: \.isIndeterminate) { throw CommandError.notWell(ExitStatus.indeterminate) }
    }

    private static func untried(_ report: CheckReport) -> String {
        let numbers = report.untried.map { "\($0)" }.joined(separator: ", ")
        let budget = report.credential.terms.attempts
        guard report.credential.terms.allowsControl else {
            return
                "\(report.address): the current key is refused. Its profile allows no wrong key, so the versions that are kept (\(numbers)) are not tried. rekeep rotate \(report.address) --to VERSION proves one."
        }
        return
            "\(report.address): the current key is refused, and of the versions that are kept \(numbers) could not be tried now: more than \(budget.most) wrong keys in \(budget.per) can lock you out. Run rekeep check again later."
    }

    static func json(
        _ address: Address, _ credential: Credential, _ check: Check, accepted: [Int] = [], untried: [Int] = []
    ) -> JSON {
        .object([
            ("address", .text(address.description)), ("provider", .text(credential.provider)),
            ("environment", .text(credential.environment)), ("outcome", .text(check.outcome.name)),
            ("balance", JSON(check.balance?.amount)), ("currency", JSON(check.balance?.currency)),
            (
                "balances",
                .list(
                    check.balances.map { .object([("amount", .text($0.amount)), ("currency", JSON($0.currency))]) })
            ),
            ("identity", JSON(check.identity)), ("latency_ms", JSON(check.latency)), ("checked_at", JSON(check.at)),
            ("message", .text(CheckSentence.text(check, credential.terms))),
            ("accepted_versions", .list(accepted.map { JSON($0) })),
            ("untried_versions", .list(untried.map { JSON($0) })),
        ])
    }

    static func balance(_ check: Check) -> String { text(check.balances) }

    static func text(_ balances: [Money]) -> String {
        balances.map { $0.amount + ($0.currency.map { " " + $0 } ?? "") }.joined(separator: ", ")
    }

    static func tone(_ outcome: Outcome) -> Style.Tone {
        outcome == .ok ? .good : outcome.isIndeterminate ? .soon : .bad
    }
}
