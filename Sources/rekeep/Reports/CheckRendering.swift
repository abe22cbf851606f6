import Credentials
import Operations

/// The lines of `check`.
struct CheckRendering: Rendering {
    let reports: [CheckReport]

    var json: JSON {
        .list(
            reports.map {
                Self.json($0.address, $0.credential, $0.check, accepted: $0.accepted, untried: $0.untried)
            })
    }

    var text: [Block] {
        // Failures first: a list of a thousand ends with what is well.
        [table(of: failed + reports.filter { $0.check.outcome == .ok })]
    }

    var quietText: [Block] { failed.isEmpty ? [] : [table(of: failed)] }

    private var failed: [CheckReport] { reports.filter { $0.check.outcome != .ok } }

    private func table(of reports: [CheckReport]) -> Block {
        .table(
            reports,
            .init("ADDRESS", .middle) { $0.address.description },
            .init("OUTCOME", tone: { Self.tone($0.check.outcome) }) { $0.check.outcome.name },
            .init("BALANCE", .dropped(2)) { Self.text($0.check.balances) },
            .init("TIME", .dropped(1)) { $0.check.latency.map { "\($0) ms" } ?? "" },
            .init("", .end) { $0.check.outcome == .ok ? "" : CheckSentence.text($0.check, $0.credential.terms) })
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        var remarks: [Remark] = reports.compactMap { report in
            guard let number = report.accepted.first else {
                return report.untried.isEmpty ? nil : .note(Self.untried(report))
            }
            return .note(
                "\(report.address): the current key is refused, and version \(number) is accepted. rekeep rotate \(report.address) --to \(number) makes it current again."
            )
        }
        // One credential may stand at several addresses.
        var told: Set<String> = []
        for complaint in reports.compactMap(\.refusal).map({ Complaint($0) }) where told.insert(complaint.text).inserted
        {
            remarks.append(.complaint(complaint))
        }
        return remarks
    }

    var status: Int32 {
        let outcomes = reports.map(\.check.outcome)
        if outcomes.contains(where: \.isRefusal) { return ExitStatus.notWell }
        if reports.contains(where: { $0.refusal != nil }) { return ExitStatus.badConfiguration }
        return outcomes.contains(where: \.isIndeterminate) ? ExitStatus.indeterminate : 0
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

    static func text(_ balances: [Money]) -> String {
        balances.map { $0.amount + ($0.currency.map { " " + $0 } ?? "") }.joined(separator: ", ")
    }

    private static func tone(_ outcome: Outcome) -> Style.Tone {
        outcome == .ok ? .good : outcome.isIndeterminate ? .soon : .bad
    }
}
