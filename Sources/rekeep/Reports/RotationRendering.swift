import Credentials
import Operations

/// What a rotation came to.
struct RotationRendering: Rendering {
    let report: RotationReport

    var json: JSON {
        Self.json(
            report.address, report.rotation, report.targets, report.targets.problems.first.map { Complaint($0) })
    }

    var text: [Block] {
        let rotation = report.rotation
        var blocks: [Block] = []
        if rotation.state == .rolledBack {
            blocks.append(.line("\(report.address): version \(rotation.oldVersion) is current again."))
        } else if let new = rotation.newVersion {
            blocks.append(
                .line("\(report.address): version \(new) is current, version \(rotation.oldVersion) is previous."))
        }
        if !report.targets.isEmpty { blocks.append(.table(targets)) }
        if let downtime = rotation.downtime {
            blocks.append(
                .line("Downtime: \(Self.text(downtime)), from the end of the old key to the last target."))
        }
        return blocks + next(rotation).map(Block.line)
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        var remarks: [Remark] = report.targets.problems.map { .complaint(Complaint($0)) }
        if status != 0 {
            remarks.append(
                .note(
                    report.rotation.state == .rolledBack
                        ? "The old key is current again. rekeep deploy finishes the rest."
                        : "The new key is current. rekeep rotate --resume \(report.address) finishes the rest."))
        }
        return remarks
    }

    var status: Int32 { report.targets.allSatisfy(\.isDone) ? 0 : ExitStatus.cannotWrite }

    private var targets: Table {
        Table(
            report.targets,
            [
                .init("DEPLOYMENT") { $0.deployment.description }, .init("TARGET") { $0.path },
                .init("WRITTEN", tone: { Self.tone($0.isWritten) }) { Self.mark($0.isWritten) },
                .init("READ BACK", tone: { Self.tone($0.isReadBack) }) { Self.mark($0.isReadBack) },
                .init("HOOK", tone: { $0.isHookRun.map(Self.tone) ?? .faint }) {
                    $0.isHookRun.map(Self.mark) ?? "none"
                },
            ])
    }

    private func next(_ rotation: Rotation) -> [String] {
        switch rotation.state {
        case .grace:
            return [
                "The old key stays valid until \(rotation.graceUntil?.description ?? ""). Then: rekeep retire \(report.address)"
            ]
        case .retiring: return ["When the old key is dead: rekeep retire \(report.address)"]
        case .rolledBack:
            return ["When the newer key is dead: rekeep retire \(report.address)"]
                + (rotation.newVersion.map {
                    ["If this one stops working instead: rekeep rotate \(report.address) --to \($0)"]
                } ?? [])
        case .planned, .staged, .proved, .promoted, .delivering, .done, .aborted:
            return ["State: \(rotation.state.name)"]
        }
    }

    /// Both bounds, where they differ.
    static func text(_ downtime: Rotation.Downtime) -> String {
        downtime.least == downtime.most
            ? "\(downtime.most) ms" : "between \(downtime.least) and \(downtime.most) ms"
    }

    private static func mark(_ done: Bool) -> String { done ? "yes" : "no" }
    private static func tone(_ done: Bool) -> Style.Tone { done ? .good : .bad }

    /// - Parameters: the journal, where there is one, and what went wrong, if anything did.
    static func json(
        _ address: Address, _ rotation: Rotation?, _ targets: [TargetReport], _ complaint: Complaint?
    ) -> JSON {
        .object([
            ("address", .text(address.description)), ("mode", JSON(rotation?.mode.name)),
            ("state", JSON(rotation?.state.name)), ("steps", .list(rotation.map(steps) ?? [])),
            ("old_version", JSON(rotation?.oldVersion)), ("new_version", JSON(rotation?.newVersion)),
            ("targets", .list(targets.map(DeployRendering.json))),
            ("downtime_ms", JSON(rotation?.downtime?.most)),
            ("downtime_at_least_ms", JSON(rotation?.downtime?.least)),
            ("error", JSON(complaint?.text)),
        ])
    }

    /// Every state that was entered; the last one is open until the rotation is over.
    private static func steps(_ rotation: Rotation) -> [JSON] {
        rotation.steps.enumerated().map { index, step in
            let isOpen = index == rotation.steps.count - 1 && !rotation.state.isOver
            return .object([
                ("name", .text(step.state.name)), ("state", .text(isOpen ? "open" : "done")), ("at", JSON(step.at)),
            ])
        }
    }
}

/// A rotation that stopped: how far it came, and why.
struct StoppedRotationRendering: Rendering {
    let address: Address
    /// The journal, where there is one.
    let rotation: Rotation?
    let complaint: Complaint

    var json: JSON { RotationRendering.json(address, rotation, [], complaint) }
    var text: [Block] { [] }
    func remarks(in format: OutputFormat) -> [Remark] { [.complaint(complaint)] }
    var status: Int32 { complaint.status }
}

/// A rotation that was taken back.
struct AbortedRotationRendering: Rendering {
    let rotation: Rotation

    var json: JSON { RotationRendering.json(rotation.address, rotation, [], nil) }

    var text: [Block] {
        [.line("\(rotation.address): the rotation is aborted; version \(rotation.oldVersion) stays current.")]
    }
}

/// A result of which this machine could keep no record.
struct UnseenRendering: Rendering {
    let result: any Rendering
    let complaint: Complaint

    var json: JSON { result.json }
    var text: [Block] { result.text }
    func remarks(in format: OutputFormat) -> [Remark] { result.remarks(in: format) + [.complaint(complaint)] }
    var status: Int32 { complaint.status }
}
