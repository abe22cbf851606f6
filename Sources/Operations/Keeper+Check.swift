public import Credentials
internal import Sealing
internal import Vault

/// One line of a check.
public struct CheckReport: Sendable {
    public let address: Address
    public let credential: Credential
    public let check: Check
    /// Why the provider was not asked.
    public let refusal: OperationError?
}

extension Keeper {
    /// Makes the balance call for every credential that fits, in parallel, and remembers the answers.
    /// A credential with several addresses is asked for once and reported at each.
    public func check(
        _ patterns: [Pattern], progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws(OperationError) -> [CheckReport] {
        let matching = try list(patterns)
        guard !matching.isEmpty else { throw .nothingMatches(patterns) }
        var seen: Set<CredentialID> = []
        var trials: [Trial] = []
        for (_, credential) in matching where seen.insert(credential.id).inserted {
            guard let current = credential.current else { continue }
            trials.append(
                Trial(
                    credential: credential, version: current.number, values: try values(of: current, in: credential)))
        }
        let total = trials.count
        var refusals: [CredentialID: OperationError] = [:]
        let checks = try await call(trials) {
            progress($0, total)
        } refusing: {
            refusals[$0] = .courier($1)
        }
        var results: [CredentialID: Check] = [:]
        for (trial, check) in zip(trials, checks) { results[trial.credential.id] = Self.blessed(check, trial) }
        let noted = results
        try write { transaction throws(VaultError) in
            for (id, check) in noted {
                // Removed meanwhile: then there is nothing to note.
                guard var credential = try transaction.snapshot.credentialIfKnown(id) else { continue }
                credential.lastCheck = check
                if check.outcome == .ok {
                    credential.update(version: check.version) {
                        $0.provedAt = check.at
                        $0.identity = $0.identity ?? check.identity
                    }
                }
                try transaction.put(credential)
            }
            try transaction.log(
                entry("check", patterns.map(\.description).joined(separator: " "), Self.summary(noted.values)))
        }
        return matching.compactMap { address, credential in
            results[credential.id].map {
                CheckReport(address: address, credential: credential, check: $0, refusal: refusals[credential.id])
            }
        }
    }

    /// An answer for another account than the one on record is no proof, however friendly.
    private static func blessed(_ check: Check, _ trial: Trial) -> Check {
        let recorded = trial.credential.version(number: trial.version)?.identity
        do {
            try require(check, for: trial.credential, plain: trial.values, recorded: recorded)
            return check
        } catch .identityDiffers {
            return Check(
                outcome: .wrongEnvironment, at: check.at, version: check.version, balance: nil,
                identity: check.identity, latency: check.latency,
                message: "the provider answers for another account than the one on record")
        } catch {
            return check
        }
    }

    private static func summary(_ checks: some Collection<Check>) -> String {
        let ok = checks.count { $0.outcome == .ok }
        return "\(ok) of \(checks.count) ok"
    }
}
