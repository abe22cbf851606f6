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
                            ("action", .text($0.action.name)), ("subject", .text($0.subject)),
                            ("outcome", .text(LogSentence.text($0))),
                        ])
                    }
                ))
            return
        }
        var table = Table("AT", "USER", "HOST", "ACTION", "SUBJECT", "OUTCOME")
        for entry in entries {
            table.add(
                entry.at.description, "\(entry.user)", entry.host, entry.action.name, entry.subject,
                LogSentence.text(entry))
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
        let restored = report.restored
        let retired = restored.retired.flatMap(\.addresses).map(\.description)
        if options.json {
            console.print(
                JSON.object([
                    ("generation", .number(Int64(clamping: report.generation))), ("kept", JSON(restored.kept)),
                    ("retired", .list(retired.map(JSON.text))),
                    ("removed_slots", .list(restored.removedSlots.map { .text($0.description) })),
                    ("removed_slots_known", .bool(!restored.isPresentUnread)),
                    ("slots", .list(restored.slots.map { .text($0.name.description) })),
                ]))
            return
        }
        console.print("Restored generation \(report.generation), verified.")
        if let kept = restored.kept { console.print("What was there is kept as \(kept).") }
        if !restored.removedSlots.isEmpty {
            let names = restored.removedSlots.map(\.description).joined(separator: ", ")
            console.print("Slots that were removed since stay removed: \(names).")
        }
        if restored.isPresentUnread {
            console.warn(
                "warning: what was there could not be read: slots that were removed since the copy was made are back. "
                    + "Look at the list, and use rekeep slot remove.")
        }
        console.print("It opens with: " + restored.slots.map(\.name.description).joined(separator: ", ") + ".")
        for address in retired {
            console.note("\(address): its key was retired since; rekeep rotate \(address) takes the new one.")
        }
    }
}
