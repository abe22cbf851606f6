import Credentials
import Delivery
import Operations
import Sealing

/// What a deploy came to.
struct DeployRendering {
    let reports: [TargetReport]

    func show(_ options: GlobalOptions, _ console: Console) throws {
        if options.json {
            console.print(JSON.list(reports.map(Self.json)))
        } else {
            var table = Table("DEPLOYMENT", "TARGET", "STATE", "HOOK")
            for report in reports {
                let state = !report.isReadBack ? "failed" : report.isChanged ? "written" : "unchanged"
                let hook = report.isHookRun.map { $0 ? "run" : "failed" } ?? ""
                table.add(
                    (report.deployment.description, nil), (report.path, nil), (state, report.isReadBack ? .good : .bad),
                    (hook, report.isHookRun == false ? .bad : nil))
            }
            console.print(table)
        }
        for problem in reports.problems { console.complain(Complaint(problem)) }
        if !reports.allSatisfy(\.isDone) { throw CommandError.notWell(ExitStatus.cannotWrite) }
    }

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
struct PreviewRendering {
    let previews: [DeployPreview]

    func show(_ options: GlobalOptions, _ console: Console) throws {
        if options.json {
            console.print(
                JSON.list(
                    previews.map {
                        .object([
                            ("deployment", .text($0.deployment.description)), ("path", .text($0.path)),
                            ("changes", .list($0.changes.map(JSON.text))), ("hook", .bool($0.isHookDue)),
                            ("problem", JSON($0.problem.map { Complaint($0).text })),
                        ])
                    }
                ))
        } else {
            for preview in previews {
                console.print("\(preview.deployment)  \(preview.path)")
                for name in preview.changes { console.print("  would set \(name)") }
                if preview.changes.isEmpty && preview.problem == nil { console.print("  would change nothing") }
                if preview.isHookDue { console.print("  would run its hook") }
            }
        }
        for preview in previews {
            if let problem = preview.problem { console.complain(Complaint(problem)) }
        }
        if previews.contains(where: { $0.problem != nil }) { throw CommandError.notWell(ExitStatus.cannotWrite) }
    }
}

/// The lines of `drift`.
struct DriftRendering {
    let reports: [DriftReport]

    func show(_ options: GlobalOptions, _ console: Console) throws {
        if options.json {
            console.print(
                JSON.list(
                    reports.map {
                        .object([
                            ("deployment", .text($0.deployment.description)), ("path", .text($0.path)),
                            ("state", .text($0.state.rawValue)), ("version", JSON($0.version)),
                            ("hook_due", .bool($0.isHookDue)),
                        ])
                    }
                ))
        } else {
            var table = Table("DEPLOYMENT", "TARGET", "STATE", "VERSION", "HOOK", "VARIABLES")
            for report in reports {
                table.add(
                    (report.deployment.description, nil), (report.path, nil),
                    (report.state.rawValue, report.state == .current ? .good : .bad),
                    (report.version.map(String.init) ?? "", nil),
                    (report.isHookDue ? "due" : "", report.isHookDue ? .bad : nil),
                    (report.variables.joined(separator: " "), nil))
            }
            console.print(table)
        }
        for report in reports {
            if let problem = report.problem { console.complain(Complaint(problem)) }
            if report.isHookDue { console.note("\(report.path): its hook has not run since the last change") }
        }
        if reports.contains(where: { $0.state != .current || $0.isHookDue }) {
            throw CommandError.notWell(ExitStatus.notWell)
        }
    }
}

/// The text of `env`.
struct EnvRendering {
    let variables: [Variable]
    let reveal: Bool

    func show(_ options: GlobalOptions, _ console: Console) throws {
        let masks = !reveal && (console.isTerminal || options.json)
        var text = SecretWriter(capacity: 1024)
        if options.json { text.append("{") }
        for (index, variable) in variables.enumerated() {
            if options.json {
                if index > 0 { text.append(",") }
                text.append(json: SecretBytes(variable.name.utf8))
                text.append(":")
                if masks && variable.isSecret { text.append("null") } else { text.append(json: variable.value) }
            } else {
                text.append(variable.name.utf8)
                text.append("=")
                if masks && variable.isSecret { text.append(Mask.text.utf8) } else { try append(variable, to: &text) }
                text.append("\n")
            }
        }
        if options.json {
            text.append("}")
            console.print(json: text.finish())
        } else {
            console.print(exactly: text.finish(), lineBreak: false)
        }
        if masks, !options.json, variables.contains(where: \.isSecret) {
            console.note("Secret values are masked on a terminal; --reveal shows them.")
        }
    }

    private func append(_ variable: Variable, to text: inout SecretWriter) throws {
        do {
            try UniversalDialect.encode(variable.value).withBytes { text.append($0) }
        } catch {
            throw OperationError.delivery(.notEncodable(variable: variable.name, error.reason))
        }
    }
}

/// The targets of a deployment.
struct TargetRendering {
    let targets: [Target]

    func show(_ options: GlobalOptions, _ console: Console) {
        if options.json { return console.print(JSON.list(targets.map(Self.json))) }
        var table = Table("TARGET", "PRESET", "DIALECT", "MODE", "WRITTEN", "READ BACK", "HOOK", "PROBLEM")
        for target in targets {
            let state = target.delivery
            let hook =
                target.hook.isEmpty ? "none" : state.isHookDue ? "due" : state.hookRunAt?.description ?? "not yet"
            table.add(
                target.path, target.preset, target.dialect, target.mode.map { "0" + String($0, radix: 8) } ?? "",
                state.writtenAt?.description ?? "never", state.readBackAt?.description ?? "never", hook,
                state.problem.map(Self.text) ?? "")
        }
        console.print(table)
    }

    static func json(_ target: Target) -> JSON {
        .object([
            ("path", .text(target.path)), ("preset", .text(target.preset)), ("dialect", .text(target.dialect)),
            ("mode", JSON(target.mode.map { "0" + String($0, radix: 8) })), ("owner", JSON(target.owner)),
            ("group", JSON(target.group)), ("hook", .list(target.hook.map(JSON.text))),
            ("written_at", JSON(target.delivery.writtenAt)), ("read_back_at", JSON(target.delivery.readBackAt)),
            ("hook_run_at", JSON(target.delivery.hookRunAt)), ("hook_due", .bool(target.delivery.isHookDue)),
            ("problem", JSON(target.delivery.problem.map(text))),
        ])
    }

    private static func text(_ problem: DeliveryProblem) -> String {
        switch problem {
        case .hookFailed: "hook failed"
        case .readBackDiffers: "read-back differs"
        case .keyRetired: "key retired"
        case .vaultUnavailable: "vault unavailable"
        case .notEncodable: "not encodable"
        case .notWritten: "not written"
        case .stale: "drift: stale"
        case .missing: "drift: missing"
        case .unreadable: "drift: unreadable"
        case .foreign: "drift: foreign"
        }
    }
}
