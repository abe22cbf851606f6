import Credentials
import Operations

/// What is told before the user does anything at the provider.
struct RotationPlanRendering {
    let plan: RotationPlan
    let newKey: NewKey

    /// Where the new key comes from.
    enum NewKey {
        case pasted, issued
        /// It is in the vault already.
        case kept
    }

    /// - Throws: when a target could not be written: better now than after the old key is dead.
    func show(_ console: Console) throws {
        let terms = plan.credential.terms
        console.note("Rotation of \(plan.address) (\(terms.label), \(plan.mode.name))")
        if let check = plan.oldKey {
            console.note("  old key: \(check.outcome.name), \(CheckSentence.text(check, plan.credential.terms))")
        }
        if let begun = plan.begunAt { console.note("  begun \(begun), left before a new key was stored") }
        console.note("  \(plan.targets.count) target\(plan.targets.count == 1 ? "" : "s") to write:")
        for target in plan.targets { console.note("    \(target.deployment)  \(target.path)") }
        if plan.targets.isEmpty {
            console.warn(
                "warning: no target is written, so whatever uses this key has to be given the new one by hand. rekeep target add \(plan.address.deployment) --path FILE"
            )
        }
        for other in plan.sharers { console.warn(Self.warning(of: other, plan)) }
        try requireNoFindings(console)
        let isDead = plan.oldKey.map { terms.isDead($0.outcome) } ?? false
        switch newKey {
        case .kept: return
        case .issued: console.note("  The provider is asked for the new key; it is proved and written at once.")
        case .pasted: console.note("  Issue the new key at: \(terms.panelPath)")
        }
        switch plan.mode {
        case .cutover where newKey == .issued:
            console.note(isDead ? "  The old key has ended already." : "  The old key ends at that moment.")
        case .cutover:
            console.note(
                "  \(isDead ? "The old key has ended already. Paste" : "The old key ends at that moment. Then paste") the new one here; it is proved and written at once."
            )
        case .overlap where !isDead:
            console.note("  Leave the old key valid for \(plan.grace); then rekeep retire \(plan.address) erases it.")
        case .overlap where plan.credential.current?.isRetired == true: break
        case .overlap:
            console.note("  The old key has ended already; rekeep retire \(plan.address) erases it.")
        }
    }

    /// A plan that was made again while a question stood.
    func showChanged(_ console: Console) throws {
        console.note("While you were asked, something has changed. The rotation is this now:")
        try show(console)
    }

    private static func warning(of other: Credential, _ plan: RotationPlan) -> String {
        let names = other.addresses.map(\.description).joined(separator: ", ")
        return plan.mode == .cutover
            ? "warning: \(names) has the same key, kept apart from this one: it stops working when the new key is issued."
            : "warning: \(names) has the same key, kept apart from this one: it is not given the new one."
    }

    private func requireNoFindings(_ console: Console) throws {
        guard plan.findings.isEmpty else {
            for finding in plan.findings { console.complain(Complaint(finding.problem)) }
            throw CommandError.notReady(count: plan.findings.count)
        }
    }

    /// For `--dry-run`: what was found is the result.
    func showAlone(_ options: GlobalOptions, _ console: Console) throws {
        guard options.json else {
            try show(console)
            try plan.requireReachable()
            console.print("Nothing stands in the way of rotating \(plan.address). Nothing was changed.")
            return
        }
        console.print(json)
        try requireNoFindings(console)
        try plan.requireReachable()
    }

    var json: JSON {
        JSON.object([
            ("address", .text(plan.address.description)), ("mode", .text(plan.mode.name)),
            ("old_key", JSON(plan.oldKey?.outcome.name)), ("panel_path", .text(plan.credential.terms.panelPath)),
            ("targets", .list(plan.targets.map { .text($0.path) })),
            ("shared_with", .list(plan.sharers.flatMap(\.addresses).map { .text($0.description) })),
            (
                "findings",
                .list(
                    plan.findings.map {
                        .object([("path", .text($0.path)), ("problem", .text(Complaint($0.problem).text))])
                    })
            ),
        ])
    }
}

/// The lines of `rotate --status`.
struct OpenRotationsRendering {
    let rotations: [OpenRotation]

    func show(_ options: GlobalOptions, _ console: Console) {
        if options.json {
            console.print(
                JSON.list(
                    rotations.map {
                        .object([
                            ("address", .text($0.address.description)), ("mode", .text($0.rotation.mode.name)),
                            ("state", .text($0.rotation.state.name)), ("since", JSON($0.rotation.steps.last?.at)),
                            ("old_version", JSON($0.rotation.oldVersion)),
                            ("new_version", JSON($0.rotation.newVersion)),
                            ("grace_until", JSON($0.rotation.graceUntil)),
                            ("can", .list($0.steps.map { .text($0.rawValue) })),
                        ])
                    }))
            return
        }
        guard !rotations.isEmpty else { return console.print("No rotation is open.") }
        var table = Table("ADDRESS", "STATE", "SINCE", "MODE", "NEXT")
        for open in rotations {
            table.add(
                open.address.description, open.rotation.state.name, open.rotation.steps.last?.at.description ?? "",
                open.rotation.mode.name, open.steps.map(\.rawValue).joined(separator: " or "))
        }
        console.print(table)
    }
}

/// What a walk through many rotations came to.
struct ManyRotationsRendering {
    let endings: [ManyRotations.RotationResult]
    /// What is said when there are none.
    let none: String

    /// - Throws: `notWell` with the status that all failures share, or 1.
    func show(_ options: GlobalOptions, _ console: Console) throws {
        if options.json {
            console.print(JSON.list(endings.map(\.json)))
        } else if endings.isEmpty {
            console.print(none)
        } else {
            var table = Table("ADDRESS", "STATE", "TARGETS", "DOWNTIME")
            for ending in endings {
                let done = ending.targets.count { $0.isDone }
                table.add(
                    ending.address.description, ending.word,
                    ending.targets.isEmpty ? "" : "\(done) of \(ending.targets.count)",
                    ending.rotation?.downtime.map(RotationRendering.text) ?? "")
            }
            console.print(table)
        }
        for problem in endings.flatMap(\.targets).problems { console.complain(Complaint(problem)) }
        let statuses = endings.compactMap { ending in
            ending.complaint?.status ?? (ending.targets.allSatisfy(\.isDone) ? nil : ExitStatus.cannotWrite)
        }
        if let first = statuses.first {
            throw CommandError.notWell(statuses.allSatisfy { $0 == first } ? first : ExitStatus.notWell)
        }
    }
}

/// What a rotation came to.
struct RotationRendering {
    let report: RotationReport

    func show(_ options: GlobalOptions, _ console: Console) throws {
        let rotation = report.rotation
        if options.json {
            console.print(
                Self.json(report.address, rotation, report.targets, report.targets.problems.first.map { Complaint($0) })
            )
        } else {
            showText(rotation, console)
        }
        for problem in report.targets.problems { console.complain(Complaint(problem)) }
        if !report.targets.allSatisfy(\.isDone) {
            console.note(
                rotation.state == .rolledBack
                    ? "The old key is current again. rekeep deploy finishes the rest."
                    : "The new key is current. rekeep rotate --resume \(report.address) finishes the rest.")
            throw CommandError.notWell(ExitStatus.cannotWrite)
        }
    }

    private func showText(_ rotation: Rotation, _ console: Console) {
        if rotation.state == .rolledBack {
            console.print("\(report.address): version \(rotation.oldVersion) is current again.")
        } else if let new = rotation.newVersion {
            console.print("\(report.address): version \(new) is current, version \(rotation.oldVersion) is previous.")
        }
        if !report.targets.isEmpty {
            var table = Table("DEPLOYMENT", "TARGET", "WRITTEN", "READ BACK", "HOOK")
            for target in report.targets {
                table.add(
                    (target.deployment.description, nil), (target.path, nil), Self.mark(target.isWritten),
                    Self.mark(target.isReadBack), target.isHookRun.map(Self.mark) ?? ("none", .faint))
            }
            console.print(table)
        }
        if let downtime = rotation.downtime {
            console.print("Downtime: \(Self.text(downtime)), from the end of the old key to the last target.")
        }
        switch rotation.state {
        case .grace:
            console.print(
                "The old key stays valid until \(rotation.graceUntil?.description ?? ""). Then: rekeep retire \(report.address)"
            )
        case .retiring: console.print("When the old key is dead: rekeep retire \(report.address)")
        case .rolledBack:
            console.print("When the newer key is dead: rekeep retire \(report.address)")
            if let number = rotation.newVersion {
                console.print(
                    "If this one stops working instead: rekeep rotate \(report.address) --to \(number)")
            }
        case .planned, .staged, .proved, .promoted, .delivering, .done, .aborted:
            console.print("State: \(rotation.state.name)")
        }
    }

    static func showAborted(_ rotation: Rotation, _ options: GlobalOptions, _ console: Console) {
        if options.json {
            console.print(json(rotation.address, rotation, [], nil))
        } else {
            console.print("\(rotation.address): the rotation is aborted; version \(rotation.oldVersion) stays current.")
        }
    }

    /// Both bounds, where they differ.
    static func text(_ downtime: Rotation.Downtime) -> String {
        downtime.least == downtime.most
            ? "\(downtime.most) ms" : "between \(downtime.least) and \(downtime.most) ms"
    }

    private static func mark(_ done: Bool) -> (String, Style.Tone?) { done ? ("yes", .good) : ("no", .bad) }

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
