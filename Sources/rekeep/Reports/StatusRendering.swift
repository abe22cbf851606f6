import Credentials
import Operations

/// The lines of `status`.
struct StatusRendering: Rendering {
    let reports: [StatusReport]
    /// How many there are, the ones that are not shown with them.
    let total: Int

    var json: JSON { .list(reports, Self.json) }

    var text: [Block] {
        guard total > 0 else {
            return [.line(ListRendering.empty)]
        }
        return table(of: reports) + [.line(summary)]
    }

    var quietText: [Block] {
        let flagged = reports.filter { !$0.flags.isEmpty }
        return flagged.isEmpty ? [] : table(of: flagged) + [.line(summary)]
    }

    private func table(of reports: [StatusReport]) -> [Block] {
        guard !reports.isEmpty else { return [] }
        // Whatever the order of flags in a line, the gravest of them counts.
        let ranked = reports.map { (report: $0, rank: $0.flags.map(\.urgency).min() ?? Int.max) }
        let order = ranked.indices.sorted { (ranked[$0].rank, $0) < (ranked[$1].rank, $1) }
        let sorted = order.map { ranked[$0].report }
        return [
            .table(
                sorted,
                .init("ADDRESS", .middle) { $0.address.description },
                .init("VERSION", .dropped(1)) { "\($0.version.number)" },
                .init("AGE", .dropped(5)) { $0.age.map { "\($0.wholeDays) d" } ?? "" },
                .init("LIMIT", .dropped(2)) { "\($0.maxAge.wholeDays) d" },
                .init("DUE", .dropped(6)) { $0.dueAt?.date ?? "" },
                .init("EXPIRES", .dropped(4)) { $0.version.expiresAt?.date ?? "" },
                .init("LAST CHECK", .dropped(3)) {
                    $0.credential.lastCheck.map { "\($0.outcome.name) \($0.at.date)" } ?? "never"
                },
                .init("FLAGS", .end, tone: Self.tone, Self.marks))
        ]
    }

    /// How many need somebody, and why.
    private var summary: String {
        let flagged = reports.count { !$0.flags.isEmpty }
        guard flagged > 0 else { return total == 1 ? "Nothing is flagged." : "None of \(total) is flagged." }
        let counts = Credentials.Flag.allCases.sorted { $0.urgency < $1.urgency }.compactMap { flag -> String? in
            let count = reports.count { $0.flags.contains(flag) }
            return count == 0 ? nil : "\(count) \(flag.rawValue)"
        }
        return "\(flagged) of \(total) need\(flagged == 1 ? "s" : "") you: \(counts.joined(separator: ", "))"
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        guard format == .text else { return [] }
        return reports.compactMap { report in Self.advice(report).map { .note("\(report.address): " + $0) } }
    }

    var status: Int32 { reports.contains { !$0.flags.isEmpty } ? ExitStatus.notWell : 0 }

    /// What to do about the keys. Only while the current one is known to work is another one said to be of no use.
    private static func advice(_ report: StatusReport) -> String? {
        let address = report.address
        if let working = report.accepted.first {
            return
                "the current key is refused, and version \(working.number) is accepted. rekeep rotate \(address) --to \(working.number) makes it current again."
        }
        if report.flags.contains(.refused) {
            let kept = report.credential.kept.map { "\($0.number)" }.joined(separator: ", ")
            if kept.isEmpty { return "the current key is refused. rekeep rotate \(address) takes a new one." }
            return report.credential.terms.allowsControl
                ? "the current key is refused. rekeep check \(address) tries the versions that are kept (\(kept)); revoke none of them before."
                : "the current key is refused. rekeep rotate \(address) --to VERSION proves one of the versions that are kept (\(kept)); revoke none of them before."
        }
        guard report.flags.contains(.oldKeyAlive) else { return nil }
        if let user = report.oldKeyUser {
            return "\(user) uses an old key of this, which is still accepted: rotate that first, or link the two."
        }
        guard let check = report.currentCheck, check.outcome == .ok, report.isRecent(check) else {
            return
                "an old key may still be accepted. Before it is revoked: rekeep check \(address) tells whether the current one works."
        }
        let last = report.credential.previous.filter(\.isThoughtAlive).compactMap(\.provedAt).max()
        return
            "an old key was accepted when it was last asked for\(last.map { ", \($0)" } ?? ""). Revoke it at: \(report.credential.terms.panelPath); then rekeep retire \(address)"
    }

    /// The flags, and how long the old key is accepted on purpose.
    private static func marks(_ report: StatusReport) -> String {
        var marks = report.flags.map(\.rawValue)
        if let rotation = report.rotation, rotation.state == .grace, let end = rotation.graceUntil {
            marks.append("(grace until \(end))")
        }
        return marks.joined(separator: " ")
    }

    private static func tone(_ report: StatusReport) -> Style.Tone? {
        if report.flags.contains(where: \.isGrave) { return .bad }
        return report.flags.isEmpty ? nil : .soon
    }

    private static func json(_ report: StatusReport) -> JSON {
        .object([
            ("address", .text(report.address.description)), ("provider", .text(report.credential.provider)),
            ("environment", .text(report.credential.environment)), ("version", JSON(report.version.number)),
            ("state", .text(report.version.state.name)), ("activated_at", JSON(report.version.activatedAt)),
            ("age_days", JSON(report.age?.wholeDays)), ("max_age_days", .number(report.maxAge.wholeDays)),
            ("due_at", JSON(report.dueAt)), ("expires_at", JSON(report.version.expiresAt)),
            ("flags", .list(report.flags.map { .text($0.rawValue) })),
            ("rotation", JSON(report.rotation?.state.name)), ("grace_until", JSON(report.rotation?.graceUntil)),
            ("accepted_versions", .list(report.accepted.map { JSON($0.number) })),
            ("panel_path", .text(report.credential.terms.panelPath)),
            (
                "last_check",
                report.credential.lastCheck.map { CheckRendering.json(report.address, report.credential, $0) } ?? .null
            ),
        ])
    }
}
