import Vault

/// The lines of `log`.
struct LogRendering: DataRendering {
    let entries: ArraySlice<LogEntry>

    var json: JSON {
        .list(
            entries.map {
                .object([
                    ("at", JSON($0.at)), ("user", .number(Int64($0.user))), ("host", .text($0.host)),
                    ("slot", $0.slot.isEmpty ? .null : .text($0.slot)),
                    ("action", .text($0.action.name)), ("subject", .text($0.subject)),
                    ("outcome", .text(LogSentence.text($0))),
                ])
            })
    }

    var text: [Block] {
        [
            .table(
                Array(entries),
                .init("AT") { $0.at.description }, .init("USER", .dropped(2)) { "\($0.user)" },
                .init("HOST", .dropped(1)) { $0.host },
                .init("SLOT", .dropped(3)) { $0.slot },
                .init("ACTION") { $0.action.name }, .init("SUBJECT", .middle) { $0.subject },
                .init("OUTCOME", .end, LogSentence.text))
        ]
    }
}
