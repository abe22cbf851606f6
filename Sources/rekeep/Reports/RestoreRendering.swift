import Operations

/// What a `restore` came to.
struct RestoreRendering: Rendering {
    let report: RestoreReport

    private var retired: [String] { report.restored.retired.flatMap(\.addresses).map(\.description) }

    var json: JSON {
        let restored = report.restored
        return .object([
            ("generation", .number(Int64(clamping: report.generation))), ("kept", JSON(restored.kept)),
            ("retired", .list(retired.map(JSON.text))),
            ("removed_slots", .list(restored.removedSlots.map { .text($0.description) })),
            ("removed_slots_known", .bool(!restored.isPresentUnread)),
            ("slots", .list(restored.slots.map { .text($0.name.description) })),
        ])
    }

    var text: [Block] {
        let restored = report.restored
        var lines = ["Restored generation \(report.generation), verified."]
        if let kept = restored.kept { lines.append("What was there is kept as \(kept).") }
        if !restored.removedSlots.isEmpty {
            let names = restored.removedSlots.map(\.description).joined(separator: ", ")
            lines.append("Slots that were removed since stay removed: \(names).")
        }
        lines.append("It opens with: " + restored.slots.map(\.name.description).joined(separator: ", ") + ".")
        return Block.lines(lines)
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        guard format == .text else { return [] }
        var remarks: [Remark] = []
        if report.restored.isPresentUnread {
            remarks.append(
                .warning(
                    "warning: what was there could not be read: slots that were removed since the copy was made are back. "
                        + "Look at the list, and use rekeep slot remove."))
        }
        return remarks
            + retired.map { .note("\($0): its key was retired since; rekeep rotate \($0) takes the new one.") }
    }
}
