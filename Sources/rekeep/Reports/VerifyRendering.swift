import Operations
import Vault

/// What `verify` found.
struct VerifyRendering: Rendering {
    let report: VerifyReport
    /// Files that may have an issued key and could not be taken in.
    let left: [LeftOutside]
    let vault: VaultPin

    var json: JSON {
        let findings: [JSON] =
            report.findings.map {
                .object([("class", .text($0.name)), ("detail", .text(Complaint.description($0)))])
            }
            + left.map {
                .object([("class", .text("emergency-file")), ("detail", .text(EmergencyFileNotice.text($0)))])
            }
        return .object([
            ("vault_id", .text(vault.description)), ("generation", .number(Int64(clamping: report.generation))),
            ("rows", .object(report.rows.map { ($0.table, JSON($0.count)) })),
            ("log_entries", JSON(report.logEntries)), ("findings", .list(findings)),
        ])
    }

    var text: [Block] {
        let rows = report.rows.reduce(0) { $0 + $1.count }
        var lines = [
            "Generation \(report.generation): \(rows) records and \(report.logEntries) log entries looked at.",
            "The vault's id: \(vault)",
        ]
        lines += left.map { "  emergency-file: \($0.path)" }
        lines += report.findings.map { "  \($0.name): \(Complaint.description($0))" }
        if report.findings.isEmpty {
            lines.append("Every seal, the freshness of every table and the log's chain are right.")
        }
        return Block.lines(lines)
    }

    var quietText: [Block] {
        Block.lines(
            left.map { "emergency-file: \($0.path)" }
                + report.findings.map { "\($0.name): \(Complaint.description($0))" })
    }

    var status: Int32 { report.findings.isEmpty && left.isEmpty ? 0 : ExitStatus.notWell }
}
