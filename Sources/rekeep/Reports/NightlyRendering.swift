/// What a night's look came to: reports under their names.
struct NightlyRendering: Rendering {
    let parts: [(name: String, part: any Rendering)]

    var json: JSON { .object(parts.map { ($0.name, $0.part.json) }) }

    var text: [Block] { Array(parts.flatMap { [.line($0.name + ":")] + $0.part.text + [.line("")] }.dropLast()) }

    var quietText: [Block] {
        parts.flatMap { name, part in
            let wrong = part.quietText
            return wrong.isEmpty ? [] : [.line(name + ":")] + wrong
        }
    }

    func remarks(in format: OutputFormat) -> [Remark] { parts.flatMap { $0.part.remarks(in: format) } }

    /// What is not well counts before what could not be told.
    var status: Int32 {
        let all = parts.map(\.part.status)
        return all.contains(ExitStatus.notWell) ? ExitStatus.notWell : all.first { $0 != 0 } ?? 0
    }
}

/// A part that could not be done.
struct FailureRendering: Rendering {
    let complaint: Complaint

    var json: JSON { .object([("problem", .text(complaint.text))]) }
    var text: [Block] { [] }
    func remarks(in format: OutputFormat) -> [Remark] { [.complaint(complaint)] }
    var status: Int32 { complaint.status }
}
