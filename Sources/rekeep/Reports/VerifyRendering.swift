import Operations
import Vault

/// The lines of `log`.
struct LogRendering {
    let entries: [LogEntry]

    func show(_ options: GlobalOptions, _ console: Console) {
        if options.json {
            console.print(
                JSON.list(
                    entries.map {
                        .object([
                            ("at", JSON($0.at)), ("user", .number(Int64($0.user))), ("host", .text($0.host)),
                            ("action", .text($0.action)), ("subject", .text($0.subject)),
                            ("outcome", .text($0.outcome)),
                        ])
                    }
                ))
            return
        }
        var table = Table("AT", "USER", "HOST", "ACTION", "SUBJECT", "OUTCOME")
        for entry in entries {
            table.add(entry.at.description, "\(entry.user)", entry.host, entry.action, entry.subject, entry.outcome)
        }
        console.print(table)
    }
}

/// What `verify` found.
struct VerifyRendering {
    let report: VerifyReport
    /// Files that may have an issued key and could not be taken in.
    let left: [LeftOutside]
    let vault: VaultPin

    func show(_ options: GlobalOptions, _ console: Console) throws {
        if options.json {
            console.print(
                JSON.object([
                    ("vault_id", .text(vault.description)),
                    ("generation", .number(Int64(clamping: report.generation))),
                    ("rows", .object(report.rows.map { ($0.table, JSON($0.count)) })),
                    ("log_entries", JSON(report.logEntries)),
                    (
                        "findings",
                        .list(
                            report.findings.map {
                                .object([("class", .text($0.name)), ("detail", .text(Complaint.description($0)))])
                            }
                                + left.map {
                                    .object([
                                        ("class", .text("emergency-file")),
                                        ("detail", .text(TakenInRendering.text($0))),
                                    ])
                                })
                    ),
                ]))
        } else {
            let rows = report.rows.reduce(0) { $0 + $1.count }
            console.print(
                "Generation \(report.generation): \(rows) records and \(report.logEntries) log entries looked at.")
            console.print("The vault's id: \(vault)")
            for file in left { console.print("  emergency-file: \(file.path)") }
            for finding in report.findings { console.print("  \(finding.name): \(Complaint.description(finding))") }
            if report.findings.isEmpty {
                console.print("Every seal, the freshness of every table and the log's chain are right.")
            }
        }
        if !report.findings.isEmpty || !left.isEmpty { throw CommandError.notWell(ExitStatus.notWell) }
    }
}

/// What a `restore` came to.
struct RestoreRendering {
    let report: RestoreReport

    func show(_ options: GlobalOptions, _ console: Console) {
        let outcome = report.outcome
        let retired = outcome.retired.flatMap(\.addresses).map(\.description)
        if options.json {
            console.print(
                JSON.object([
                    ("generation", .number(Int64(clamping: report.generation))), ("kept", JSON(outcome.kept)),
                    ("retired", .list(retired.map(JSON.text))),
                    ("removed_slots", .list(outcome.removedSlots.map { .text($0.description) })),
                    ("removed_slots_known", .bool(!outcome.isPresentUnread)),
                    ("slots", .list(outcome.slots.map { .text($0.name.description) })),
                ]))
            return
        }
        console.print("Restored generation \(report.generation), verified.")
        if let kept = outcome.kept { console.print("What was there is kept as \(kept).") }
        if !outcome.removedSlots.isEmpty {
            let names = outcome.removedSlots.map(\.description).joined(separator: ", ")
            console.print("Slots that were removed since stay removed: \(names).")
        }
        if outcome.isPresentUnread {
            console.warn(
                "warning: what was there could not be read: slots that were removed since the copy was made are back. "
                    + "Look at the list, and use rekeep slot remove.")
        }
        console.print("It opens with: " + outcome.slots.map(\.name.description).joined(separator: ", ") + ".")
        for address in retired {
            console.note("\(address): its key was retired since; rekeep rotate \(address) takes the new one.")
        }
    }
}
