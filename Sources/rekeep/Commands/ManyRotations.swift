import Credentials
import Operations
import Sealing

/// One credential after another: everything that fits the patterns, or of that what is due, with one summary and one
/// exit status.
struct ManyRotations {
    let command: Rotate
    let keeper: Keeper
    let console: Console

    /// How one of them ended.
    struct Ending {
        let address: Address
        let report: RotationReport?
        let complaint: Complaint?
    }

    func run() async throws {
        let chosen = try keeper.rotationCandidates(try command.addresses.map { try Pattern($0) }, onlyDue: command.due)
        let given = try given(chosen)
        Interruption.explain("rekeep: interrupted; rekeep rotate --status shows what is open\n")
        var endings: [Ending] = []
        for (index, candidate) in chosen.enumerated() {
            let address = candidate.address
            console.note(
                "\(index + 1) of \(chosen.count): "
                    + candidate.credential.addresses.map(\.description).joined(separator: " "))
            endings.append(await end(address, given?[candidate.credential.id]))
        }
        try ManyRotationsRendering(endings: endings).show(command.options, console)
    }

    /// The values of `--input` by credential; nil where they are to be asked for.
    /// - Throws: when some are given for what is not chosen, before anything is changed.
    private func given(_ chosen: [RotationCandidate]) throws -> [CredentialID: [String: SecretBytes]]? {
        guard let objects = try command.input.valuesByAddress() else { return nil }
        var result: [CredentialID: [String: SecretBytes]] = [:]
        for (name, values) in objects {
            let reference = try AddressReference(name)
            let credential = try keeper.show(reference).1
            guard chosen.contains(where: { $0.credential.id == credential.id }), result[credential.id] == nil else {
                throw CommandError.notAskedFor(address: name)
            }
            result[credential.id] = values
        }
        return result
    }

    private func end(_ address: Address, _ given: [String: SecretBytes]?) async -> Ending {
        do {
            if command.dryRun {
                try RotationPlanRendering(plan: try await command.plan(keeper, .complete(address))).show(console)
                return Ending(address: address, report: nil, complaint: nil)
            }
            let report = try await command.rotate(keeper, .complete(address), console) { fields in
                if let given { return given }
                guard command.input.input == nil else {
                    throw CommandError.needsInput(what: "a new key of \(address)", option: "it in --input")
                }
                return try command.input.values(fields, command.options)
            }
            return Ending(address: address, report: report, complaint: nil)
        } catch {
            let complaint = Complaint(error) ?? Complaint("\(error)", ExitStatus.failed)
            if !complaint.text.isEmpty { console.complain(complaint.lines) }
            return Ending(address: address, report: nil, complaint: complaint)
        }
    }
}
