import Credentials
import Operations

/// The lines of `status`.
struct StatusRendering {
    let reports: [StatusReport]

    func show(_ options: GlobalOptions, _ console: Console) throws {
        if options.json {
            console.print(JSON.list(reports.map(Self.json)))
        } else {
            var table = Table("ADDRESS", "VERSION", "AGE", "LIMIT", "DUE", "EXPIRES", "LAST CHECK", "FLAGS")
            for report in reports {
                table.add(
                    (report.address.description, nil), ("\(report.version.number)", nil),
                    (report.age.map { "\($0.wholeDays) d" } ?? "", nil), ("\(report.maxAge.wholeDays) d", nil),
                    (report.dueAt?.date ?? "", nil), (report.version.expiresAt?.date ?? "", nil),
                    (report.credential.lastCheck.map { "\($0.outcome.name) \($0.at.date)" } ?? "never", nil),
                    (Self.marks(report), Self.tone(report)))
            }
            console.print(table)
            for report in reports where report.flags.contains(.oldKeyAlive) {
                console.note(
                    "\(report.address): an old key is still accepted. Revoke it at: \(report.credential.terms.panelPath); then rekeep retire \(report.address)"
                )
            }
        }
        if reports.contains(where: { !$0.flags.isEmpty }) { throw CommandError.notWell(ExitStatus.notWell) }
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
            ("panel_path", .text(report.credential.terms.panelPath)),
            (
                "last_check",
                report.credential.lastCheck.map { CheckRendering.json(report.address, report.credential, $0) } ?? .null
            ),
        ])
    }
}
