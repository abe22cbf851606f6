import Credentials
import Operations

/// What is told of a plan before the user does anything at the provider.
struct RotationPlanNotice {
    let plan: RotationPlan
    let newKey: NewKey

    /// Where the new key comes from.
    enum NewKey {
        case pasted, issued
        /// It is in the vault already.
        case kept
    }

    /// - Throws: when a target could not be written: better now than after the old key is dead.
    func tell(_ console: Console) throws {
        for line in head { console.note(line) }
        if plan.targets.isEmpty {
            console.warn(
                "warning: no target is written, so whatever uses this key has to be given the new one by hand. rekeep target add \(plan.address.deployment) --path FILE"
            )
        }
        for other in plan.sharers { console.warn(warning(of: other)) }
        try requireNoFindings(console)
        for line in whatComes { console.note(line) }
    }

    /// A plan that was made again while a question stood.
    func tellChanged(_ console: Console) throws {
        console.note("While you were asked, something has changed. The rotation is this now:")
        try tell(console)
    }

    func requireNoFindings(_ console: Console) throws {
        guard plan.findings.isEmpty else {
            for finding in plan.findings { console.complain(Complaint(finding.problem)) }
            throw CommandError.notReady(count: plan.findings.count)
        }
    }

    private var head: [String] {
        let terms = plan.credential.terms
        var lines = ["Rotation of \(plan.address) (\(terms.label), \(plan.mode.name))"]
        if let check = plan.oldKey {
            lines.append("  old key: \(check.outcome.name), \(CheckSentence.text(check, terms))")
        }
        if let begun = plan.begunAt { lines.append("  begun \(begun), left before a new key was stored") }
        lines.append("  \(plan.targets.count) target\(plan.targets.count == 1 ? "" : "s") to write:")
        return lines + plan.targets.map { "    \($0.deployment)  \($0.path)" }
    }

    private var whatComes: [String] {
        let terms = plan.credential.terms
        let isDead = plan.oldKey.map { terms.isDead($0.outcome) } ?? false
        let first: String
        switch newKey {
        case .kept: return []
        case .issued: first = "  The provider is asked for the new key; it is proved and written at once."
        case .pasted: first = "  Issue the new key at: \(terms.panelPath)"
        }
        switch plan.mode {
        case .cutover where newKey == .issued:
            return [first, isDead ? "  The old key has ended already." : "  The old key ends at that moment."]
        case .cutover:
            let end = isDead ? "The old key has ended already. Paste" : "The old key ends at that moment. Then paste"
            return [first, "  \(end) the new one here; it is proved and written at once."]
        case .overlap where !isDead:
            return [
                first,
                "  Leave the old key valid for \(plan.grace); then rekeep retire \(plan.address) erases it.",
            ]
        case .overlap where plan.credential.current?.isRetired == true: return [first]
        case .overlap:
            return [first, "  The old key has ended already; rekeep retire \(plan.address) erases it."]
        }
    }

    private func warning(of other: Credential) -> String {
        let names = other.addresses.map(\.description).joined(separator: ", ")
        return plan.mode == .cutover
            ? "warning: \(names) has the same key, kept apart from this one: it stops working when the new key is issued."
            : "warning: \(names) has the same key, kept apart from this one: it is not given the new one."
    }
}

/// What `rotate --dry-run` found.
struct RotationPlanRendering: DataRendering {
    let plan: RotationPlan

    var text: [Block] {
        failure == nil
            ? [.line("Nothing stands in the way of rotating \(plan.address). Nothing was changed.")] : []
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        plan.findings.map { .complaint(Complaint($0.problem)) } + (failure.map { [.complaint($0)] } ?? [])
    }

    var status: Int32 { failure?.status ?? 0 }

    private var failure: Complaint? {
        if !plan.findings.isEmpty { return Complaint(CommandError.notReady(count: plan.findings.count)) }
        do {
            try plan.requireReachable()
            return nil
        } catch {
            return Complaint(error)
        }
    }

    var json: JSON {
        .object([
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
