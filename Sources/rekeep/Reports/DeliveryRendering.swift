import Credentials
import Delivery
import Operations

/// What a deploy came to.
struct DeployRendering: Rendering {
    let reports: [TargetReport]

    var json: JSON { .list(reports.map(Self.json)) }

    var text: [Block] {
        [
            .table(
                reports,
                .init("DEPLOYMENT", .middle) { $0.deployment.description }, .init("TARGET", .middle) { $0.path },
                .init("STATE", tone: { $0.isReadBack ? .good : .bad }) {
                    !$0.isReadBack ? "failed" : $0.isChanged ? "written" : "unchanged"
                },
                .init("HOOK", tone: { $0.isHookRun == false ? .bad : nil }) {
                    $0.isHookRun.map { $0 ? "run" : "failed" } ?? ""
                })
        ]
    }

    func remarks(in format: OutputFormat) -> [Remark] { reports.problems.map { .complaint(Complaint($0)) } }
    var status: Int32 { reports.allSatisfy(\.isDone) ? 0 : ExitStatus.cannotWrite }

    static func json(_ report: TargetReport) -> JSON {
        .object([
            ("path", .text(report.path)), ("written", .bool(report.isWritten)), ("read_back", .bool(report.isReadBack)),
            ("hook", JSON(report.isHookRun)),
        ])
    }
}

extension [TargetReport] {
    /// What went wrong. One hook serves many targets: that it failed is told once.
    var problems: [DeliveryError] {
        reduce(into: []) { problems, report in
            if let problem = report.problem, !problems.contains(problem) { problems.append(problem) }
        }
    }
}

/// What a deploy would do.
struct PreviewRendering: DataRendering {
    let previews: [DeployPreview]

    var json: JSON {
        .list(
            previews.map {
                .object([
                    ("deployment", .text($0.deployment.description)), ("path", .text($0.path)),
                    ("changes", .list($0.changes.map(JSON.text))),
                    ("removals", .list($0.removals.map(JSON.text))), ("hook", .bool($0.isHookDue)),
                    ("problem", JSON($0.problem.map { Complaint($0).text })),
                ])
            })
    }

    var text: [Block] {
        previews.flatMap { preview -> [Block] in
            var lines = ["\(preview.deployment)  \(preview.path)"]
            lines += preview.changes.map { "  would set \($0)" }
            lines += preview.removals.map { "  would remove \($0)" }
            if preview.changes.isEmpty && preview.removals.isEmpty && preview.problem == nil {
                lines.append("  would change nothing")
            }
            if preview.isHookDue { lines.append("  would run its hook") }
            return Block.lines(lines)
        }
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        previews.compactMap(\.problem).map { .complaint(Complaint($0)) }
    }

    var status: Int32 { previews.contains { $0.problem != nil } ? ExitStatus.cannotWrite : 0 }
}

/// The lines of `drift`.
struct DriftRendering: Rendering {
    let reports: [DriftReport]

    var json: JSON {
        .list(
            reports.map {
                .object([
                    ("deployment", .text($0.deployment.description)), ("path", .text($0.path)),
                    ("state", .text($0.state.rawValue)), ("version", JSON($0.version)),
                    ("differs", .list($0.state == .current ? [] : $0.differences.map { .text($0.rawValue) })),
                    ("seen_at", JSON($0.seenAt)), ("hook_due", .bool($0.isHookDue)),
                ])
            })
    }

    var text: [Block] { reports.isEmpty ? [.line("There are no targets.")] : [table(of: reports)] }

    var quietText: [Block] { wrong.isEmpty ? [] : [table(of: wrong)] }

    private var wrong: [DriftReport] { reports.filter { $0.state != .current || $0.isHookDue } }

    private func table(of reports: [DriftReport]) -> Block {
        .table(
            reports,
            .init("DEPLOYMENT", .middle) { $0.deployment.description }, .init("TARGET", .middle) { $0.path },
            .init("STATE", tone: { $0.state == .current ? .good : .bad }) { $0.state.rawValue },
            .init("VERSION", .dropped(1)) { $0.version.map(String.init) ?? "" },
            .init("HOOK", tone: { $0.isHookDue ? .bad : nil }) { $0.isHookDue ? "due" : "" },
            .init("DIFFERS", .end) {
                ($0.variables + $0.differences.filter { $0 != .content }.map(\.rawValue)).joined(separator: " ")
            })
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        reports.flatMap { report -> [Remark] in
            (report.problem.map { [.complaint(Complaint($0))] } ?? [])
                + (report.isHookDue ? [.note("\(report.path): its hook has not run since the last change")] : [])
        }
    }

    var status: Int32 {
        wrong.isEmpty ? 0 : ExitStatus.notWell
    }
}
