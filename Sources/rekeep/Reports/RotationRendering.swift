import Credentials
import Operations

/// What is told before the user does anything at the provider.
struct RotationPlanRendering {
    let plan: RotationPlan

    /// - Throws: when a target could not be written: better now than after the old key is dead.
    func show(_ console: Console) throws {
        let terms = plan.credential.terms
        console.note("Rotation of \(plan.address) (\(terms.label), \(plan.mode.name))")
        if let check = plan.oldKey { console.note("  old key: \(check.outcome.name), \(check.message)") }
        console.note("  \(plan.targets.count) target\(plan.targets.count == 1 ? "" : "s") to write:")
        for target in plan.targets { console.note("    \(target.deployment)  \(target.path)") }
        guard plan.findings.isEmpty else {
            for finding in plan.findings { console.complain(Complaint(finding.problem).lines) }
            console.note("Nothing was changed. Mend this first; the old key stays in use.")
            throw CommandError.notWell(ExitStatus.cannotWrite)
        }
        switch plan.mode {
        case .cutover:
            console.note("  Issue the new key at: \(terms.panelPath)")
            console.note(
                "  The old key ends at that moment. Then paste the new one here; it is proved and written at once.")
        case .overlap:
            console.note("  Issue the new key at: \(terms.panelPath)")
            console.note("  Leave the old key valid; it is retired after \(plan.grace).")
        }
    }
}

/// What a rotation came to.
struct RotationRendering {
    let report: RotationReport

    func show(_ options: GlobalOptions, _ console: Console) throws {
        let rotation = report.rotation
        RemovalRendering(fields: report.credential.terms.fields, removals: report.removals).note(console)
        if let (old, new) = report.currencies {
            console.note("warning: the old key's balance is in \(old), the new one's in \(new). Is it the same account?")
        }
        if options.json {
            console.print(Self.json(rotation, report.targets))
        } else {
            showText(rotation, console)
        }
        for target in report.targets {
            if let problem = target.problem { console.complain(Complaint(problem).lines) }
        }
        if !report.targets.allSatisfy(\.isDone) {
            console.note("The new key is current. rekeep rotate --resume \(report.address) finishes the rest.")
            throw CommandError.notWell(ExitStatus.cannotWrite)
        }
    }

    private func showText(_ rotation: Rotation, _ console: Console) {
        let style = Style(isOn: console.usesColor)
        if let new = rotation.newVersion {
            console.print("\(report.address): version \(new) is current, version \(rotation.oldVersion) is previous.")
        }
        if !report.targets.isEmpty {
            var table = Table("DEPLOYMENT", "TARGET", "WRITTEN", "READ BACK", "HOOK")
            for target in report.targets {
                table.add(
                    (target.deployment.description, nil), (target.path, nil), Self.mark(target.isWritten),
                    Self.mark(target.isReadBack), target.isHookRun.map(Self.mark) ?? ("none", .faint))
            }
            for line in table.lines(style) { console.print(line) }
        }
        if let downtime = rotation.downtimeMilliseconds {
            console.print("Downtime: at most \(downtime) ms, from the last answer to the old key to the last target.")
        }
        switch rotation.state {
        case .grace:
            console.print(
                "The old key stays valid until \(rotation.graceUntil?.description ?? ""). Then: rekeep retire \(report.address)"
            )
        case .retiring: console.print("When the old key is dead: rekeep retire \(report.address)")
        case .planned, .staged, .proved, .promoted, .delivering, .done, .aborted, .rolledBack:
            console.print("State: \(rotation.state.name)")
        }
    }

    static func showAborted(_ rotation: Rotation, _ options: GlobalOptions, _ console: Console) {
        if options.json {
            console.print(json(rotation, []))
        } else {
            console.print("\(rotation.address): the rotation is aborted; version \(rotation.oldVersion) stays current.")
        }
    }

    private static func mark(_ done: Bool) -> (String, Style.Tone?) { done ? ("yes", .good) : ("no", .bad) }

    private static func json(_ rotation: Rotation, _ targets: [TargetReport]) -> JSON {
        .object([
            ("address", .text(rotation.address.description)), ("mode", .text(rotation.mode.name)),
            ("state", .text(rotation.state.name)),
            (
                "steps",
                .list(
                    rotation.steps.map {
                        .object([("name", .text($0.state.name)), ("state", .text("done")), ("at", JSON($0.at))])
                    })
            ),
            ("old_version", JSON(rotation.oldVersion)), ("new_version", JSON(rotation.newVersion)),
            ("targets", .list(targets.map(DeployRendering.json))), ("downtime_ms", JSON(rotation.downtimeMilliseconds)),
        ])
    }
}
