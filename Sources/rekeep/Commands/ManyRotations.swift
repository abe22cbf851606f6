import Credentials
import Operations
import Sealing

/// One credential after another: everything that fits the patterns, or of that what is due or unfinished, with one
/// summary and one exit status.
struct ManyRotations {
    let command: Rotate
    let keeper: Keeper
    let console: Console

    /// How one of them ended.
    struct RotationResult {
        let address: Address
        /// The journal, where there is one.
        var rotation: Rotation?
        var targets: [TargetReport] = []
        /// What a dry run found.
        var plan: JSON?
        var complaint: Complaint?

        var word: String {
            if complaint != nil { return rotation.map { "failed, \($0.state.name)" } ?? "failed" }
            return rotation?.state.name ?? "ready"
        }

        var json: JSON { plan ?? RotationRendering.json(address, rotation, targets, complaint) }
    }

    func run() async throws -> any Rendering {
        let patterns = try command.patterns(keeper)
        let results = command.resume ? try await resumeAll(patterns) : try await rotateAll(patterns)
        let none = command.resume ? "Nothing is unfinished." : "Nothing is due."
        return ManyRotationsRendering(results: results, none: none)
    }

    private func resumeAll(_ patterns: [Pattern]) async throws -> [RotationResult] {
        guard try patterns.isEmpty || !keeper.registry.list(patterns).isEmpty else {
            throw OperationError.nothingMatches(patterns)
        }
        Interruption.explain("rekeep rotate --resume goes on")
        var results: [RotationResult] = []
        for open in try keeper.rotations.open(patterns) {
            if open.rotation.state == .planned {
                console.note("\(open.address) waits for its new key: rekeep rotate \(open.address)")
            }
            guard open.steps.contains(.resume) else { continue }
            results.append(
                await end(open.address) { try await command.resume(keeper, .complete(open.address), console) })
        }
        return results
    }

    private func rotateAll(_ patterns: [Pattern]) async throws -> [RotationResult] {
        let chosen = try keeper.overview.rotationCandidates(patterns, onlyDue: command.due)
        let given = try given(chosen)
        Interruption.explain("rekeep rotate --status shows what is open")
        var results: [RotationResult] = []
        for (index, candidate) in chosen.enumerated() {
            let address = candidate.address
            console.note(
                "\(index + 1) of \(chosen.count): "
                    + candidate.credential.addresses.map(\.description).joined(separator: " "))
            results.append(
                command.dryRun ? await plan(address) : await end(address, given?[candidate.credential.id]))
        }
        return results
    }

    /// The values of `--input` by credential; nil where they are to be asked for.
    /// - Throws: when some are given for what is not chosen, before anything is changed.
    private func given(_ chosen: [RotationCandidate]) throws -> [CredentialID: [String: SecretBytes]]? {
        guard let objects = try command.input.valuesByAddress() else { return nil }
        var valuesByID: [CredentialID: [String: SecretBytes]] = [:]
        for (name, values) in objects {
            // The name of a member, unlike an argument, may be anything that was pasted: no other error repeats it.
            guard let credential = try? keeper.registry.show(AddressReference(name)).1,
                chosen.contains(where: { $0.credential.id == credential.id }), valuesByID[credential.id] == nil
            else {
                throw CommandError.notAskedFor(address: name)
            }
            valuesByID[credential.id] = values
        }
        return valuesByID
    }

    private func plan(_ address: Address) async -> RotationResult {
        var result = RotationResult(address: address)
        do {
            let plan = try await command.plan(keeper, .complete(address))
            result.plan = RotationPlanRendering(plan: plan).json
            try RotationPlanNotice(plan: plan, newKey: command.newKey).tell(console)
            try plan.requireReachable()
        } catch {
            result.complaint = complain(error)
        }
        return result
    }

    private func end(_ address: Address, _ given: [String: SecretBytes]?) async -> RotationResult {
        await end(address) {
            try await command.rotate(keeper, .complete(address), console) { fields in
                if let given { return given }
                guard command.input.input == nil else {
                    throw CommandError.needsInput(what: "a new key of \(address)", option: "it in --input")
                }
                return try command.input.values(fields, command.options)
            }
        }
    }

    private func end(_ address: Address, _ rotate: () async throws -> RotationReport) async -> RotationResult {
        do {
            let report = try await rotate()
            return RotationResult(address: address, rotation: report.rotation, targets: report.targets)
        } catch {
            let complaint = complain(error)
            return RotationResult(
                address: address, rotation: keeper.rotations.unfinished(address), complaint: complaint)
        }
    }

    private func complain(_ error: any Error) -> Complaint {
        let complaint = Complaint(error) ?? Complaint("\(error)", ExitStatus.failed)
        console.complain(complaint)
        return complaint
    }
}
