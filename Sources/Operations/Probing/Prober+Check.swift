public import Credentials
internal import Sealing
internal import Vault

/// One line of a check.
public struct CheckReport: Sendable {
    /// One of the credential's addresses that fit the patterns.
    public let address: Address
    /// As it was before the check.
    public let credential: Credential
    /// The answer, or why there is none.
    public let check: Check
    /// Why the provider was not asked.
    public let refusal: OperationError?
    /// Kept versions that the provider accepts while it refuses the current one.
    public let accepted: [Int]
    /// Kept versions that were not tried, because the host has seen enough wrong keys for now.
    public let untried: [Int]
}

extension Prober {
    /// Makes the balance call for every credential that fits, in parallel, and remembers the answers.
    /// A credential with several addresses is asked for once and reported at each.
    public func check(
        _ patterns: [Pattern], progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws(OperationError) -> [CheckReport] {
        let matching = try store.list(patterns)
        guard !matching.isEmpty else { throw .nothingMatches(patterns) }
        var seen: Set<CredentialID> = []
        let credentials = matching.map(\.credential).filter { seen.insert($0.id).inserted }
        let trials = zip(credentials, try store.currentValues(of: credentials)).compactMap { credential, values in
            guard let current = credential.current, let values else { return nil as Trial? }
            return Trial(credential: credential, version: current.number, values: values)
        }
        let total = trials.count
        var refusals: [CredentialID: OperationError] = [:]
        let answers = try await cautiousCall(trials) {
            progress($0, total)
        } refusing: {
            refusals[$0] = .courier($1)
        }
        var replies = zip(trials, answers).map { $1 ?? unasked($0) }
        let slowed = replies.indices.filter { replies[$0].check.retryAfter != nil }
        if !slowed.isEmpty, await isWaited(for: slowed.map { replies[$0] }, atLeast: Span(seconds: 1)) {
            for (index, reply) in zip(slowed, try await call(slowed.map { trials[$0] })) { replies[index] = reply }
        }
        var results: [CredentialID: Check] = [:]
        var expiries: [CredentialID: Timestamp] = [:]
        for (trial, reply) in zip(trials, replies) {
            results[trial.credential.id] = Self.checkedIdentity(reply.check, trial)
            expiries[trial.credential.id] = reply.expires
        }
        let (others, untried) = try await tryOthers(
            zip(trials, replies).filter { $1.check.outcome.isRefusal }.map(\.0.credential))
        let tried = Set(zip(trials, answers).compactMap { $1 == nil ? nil : $0.credential.id })
        let (noted, ends) = (results.filter { tried.contains($0.key) }, expiries)
        try store.write { transaction throws(VaultError) in
            for (id, check) in noted {
                // Removed meanwhile: then there is nothing to note.
                guard var credential = try transaction.snapshot.credentialIfKnown(id) else { continue }
                credential.lastCheck = check
                if check.outcome == .ok {
                    credential.update(version: check.version) {
                        $0.accept(at: check.at)
                        $0.identity = $0.identity ?? check.identity
                        if let end = ends[id] { $0.expiresAt = end }
                    }
                }
                for other in others[id] ?? [] where other.outcome == .ok {
                    credential.update(version: other.version) { $0.accept(at: max(other.at, check.at)) }
                }
                try transaction.put(credential)
            }
            try transaction.log(
                store.entry(
                    .check, patterns.map(\.description).joined(separator: " "),
                    .part(noted.values.count { $0.outcome == .ok }, of: noted.count)))
        }
        return matching.compactMap { address, credential in
            results[credential.id].map {
                CheckReport(
                    address: address, credential: credential, check: $0, refusal: refusals[credential.id],
                    accepted: (others[credential.id] ?? []).filter { $0.outcome == .ok }.map(\.version),
                    untried: untried[credential.id] ?? [])
            }
        }
    }

    /// Stands for the answer to a key that was not tried.
    private func unasked(_ trial: Trial) -> TrialResult {
        let check = Check(outcome: .unknown, at: store.now(), version: trial.version, cause: .othersRefused)
        return TrialResult(check: check, began: nil, ended: nil, expires: nil)
    }

    /// Where the current key is refused, a kept one may be the one that works: each is tried, as long as the host may see
    /// wrong keys; first those that were accepted when they were last asked for, newest first.
    private func tryOthers(
        _ credentials: [Credential]
    ) async throws(OperationError) -> (found: [CredentialID: [Check]], untried: [CredentialID: [Int]]) {
        var found: [CredentialID: [Check]] = [:]
        var untried: [CredentialID: [Int]] = [:]
        for credential in credentials where !(credential.current?.isRetired ?? true) {
            guard credential.terms.allowsControl else {
                // Not even one wrong key may be tried here.
                untried[credential.id] = credential.kept.map(\.number)
                continue
            }
            let kept = credential.kept.filter(\.isThoughtAlive) + credential.kept.filter { !$0.isThoughtAlive }
            for version in kept {
                guard try attemptsLeft(credential.terms) > 0 else {
                    untried[credential.id, default: []].append(version.number)
                    continue
                }
                let trial = try trial(version, of: credential)
                let reply: TrialResult
                do throws(OperationError) {
                    reply = try await steadyCall([trial])[0]
                } catch .courier {
                    // It can't be sent.
                    continue
                }
                let check = Self.checkedIdentity(reply.check, trial)
                found[credential.id, default: []].append(check)
                if check.outcome == .ok { break }
            }
        }
        return (found, untried)
    }

    /// An answer for another account than the one on record proves nothing, even when it is `ok`.
    static func checkedIdentity(_ check: Check, _ trial: Trial) -> Check {
        let credential = trial.credential
        let recorded = credential.version(number: trial.version)?.identity ?? credential.current?.identity
        do {
            try require(check, for: credential, plain: trial.values, recorded: recorded)
            return check
        } catch .identityDiffers {
            return Check(
                outcome: .wrongEnvironment, at: check.at, version: check.version, identity: check.identity,
                latency: check.latency, cause: .otherAccount)
        } catch {
            return check
        }
    }

    /// - Throws: `refused`, `indeterminate` or `identityDiffers` unless the check shows the key to be good.
    static func require(
        _ check: Check, for credential: Credential, plain values: [String: SecretBytes], recorded: String?
    ) throws(OperationError) {
        guard check.outcome == .ok else {
            throw check.outcome.isIndeterminate ? .indeterminate(check) : .refused(check)
        }
        guard let found = check.identity else {
            // An account that was named before and is not named now proves nothing.
            if let recorded { throw .identityDiffers(expected: recorded, found: "") }
            return
        }
        let user = credential.terms.plainFields.first { $0.role == .user }
        let own = user.flatMap { values[$0.name] }.map { $0.withBytes { String(decoding: $0, as: UTF8.self) } }
        for expected in [own, recorded] {
            if let expected, expected.lowercased() != found.lowercased() {
                throw .identityDiffers(expected: expected, found: found)
            }
        }
    }
}
