internal import Credentials
public import Providers
internal import Sealing

extension Courier {
    /// One profile, or all.
    /// - Returns: the profiles, and what is wrong with the user's own when all were asked for.
    public func describe(
        _ provider: String?
    ) async throws(OperationError) -> (profiles: [ProviderDescription], faults: [OperationError]) {
        guard isInstalled else { throw .courierMissing }
        guard let reply = await ask([.describe(provider: provider)]).first else { throw .courierSilent }
        guard let profiles = reply.descriptions else {
            throw reply.refusal.map { .courier($0) } ?? .courierSilent
        }
        return (profiles, (reply.faults ?? []).map { .courier($0) })
    }

    /// What the profile that is in a file looks like, after its samples have been read as it says.
    public func validate(_ file: String, content: String) async throws(OperationError) -> ProviderDescription {
        guard isInstalled else { throw .courierMissing }
        guard let reply = await ask([.validate(file: file, content: content)]).first else { throw .courierSilent }
        guard let profile = reply.descriptions?.first else {
            throw reply.refusal.map { .courier($0) } ?? .courierSilent
        }
        return profile
    }
}

/// One key to try.
struct Trial {
    let credential: Credential
    let version: Int
    let values: [String: SecretBytes]
    /// False for a key whose refusal has been counted already.
    var isCounted = true
    /// False for values that are not the version's own: an answer to them says nothing of it.
    var isStored = true

    /// There is nothing to try: the key was found dead and erased.
    var isRetired: Bool { credential.version(number: version)?.isRetired == true }

    /// When it was refused, if that is the last that is known of it.
    var lastRefusal: Timestamp? {
        guard let known = credential.version(number: version) else { return nil }
        if let check = credential.lastCheck(of: version) { return check.outcome.isDead ? check.at : nil }
        return known.refusedAt
    }

    /// What the courier has to know to use this key.
    var call: ProviderCall<SecretBytes> {
        ProviderCall(
            provider: credential.provider, environment: credential.environment,
            baseURL: credential.terms.baseURL, fields: values, secrets: credential.terms.secretFields.map(\.name))
    }
}

/// What came of a trial.
struct TrialResult {
    let check: Check
    /// When the request left and when its answer was there, in milliseconds since 1970; nil when none was sent.
    let began: Int64?
    let ended: Int64?
    /// When the provider ends the key, where it says so.
    let expires: Timestamp?

    /// The key was not asked for: it was refused before, and its host has seen enough wrong keys.
    var isSpared: Bool { ended == nil && check.outcome.isDead }
}

extension Prober {
    /// The profile of one provider.
    public func profile(of provider: String) async throws(OperationError) -> ProviderDescription {
        guard let profile = try await courier.describe(provider).profiles.first else { throw .courierSilent }
        return profile
    }

    /// The stored values of a version, to be tried.
    func trial(_ version: Version, of credential: Credential) throws(OperationError) -> Trial {
        Trial(credential: credential, version: version.number, values: try store.values(of: version, in: credential))
    }

    /// Makes the balance calls of all trials, many at once, and counts the wrong keys among them.
    /// - Parameter refusing: told of each question that the courier refused, with its credential; without it, that is
    ///   thrown.
    /// - Returns: one reply for each trial, in their order.
    func call(
        _ trials: [Trial], progress: @escaping @Sendable (Int) -> Void = { _ in },
        refusing: ((CredentialID, CourierReply.Refusal) -> Void)? = nil
    ) async throws(OperationError) -> [TrialResult] {
        try await call(trials, in: { AskingOrder(all: $0.count) }, progress: progress, refusing: refusing)
            .compactMap(\.self)
    }

    /// The same, in the order that is made of the trials that are not spared.
    /// - Returns: one reply for each trial, in their order; nil for one that the order left out.
    func call(
        _ trials: [Trial], in order: ([Trial]) -> AskingOrder, progress: @escaping @Sendable (Int) -> Void,
        refusing: ((CredentialID, CourierReply.Refusal) -> Void)?
    ) async throws(OperationError) -> [TrialResult?] {
        guard courier.isInstalled else { throw .courierMissing }
        let spared = try spared(trials)
        let asked = trials.indices.filter { spared[$0] == nil }.map { trials[$0] }
        let replies = await courier.ask(asked.map { .balance($0.call) }, in: order(asked), progress: progress)
        var results: [TrialResult?] = []
        var next = replies.makeIterator()
        for (index, trial) in trials.enumerated() {
            if let cause = spared[index] {
                let check = Check(
                    outcome: .badCredentials, at: trial.lastRefusal ?? store.now(), version: trial.version, cause: cause
                )
                results.append(TrialResult(check: check, began: nil, ended: nil, expires: nil))
                continue
            }
            guard let next = next.next() else { throw .courierSilent }
            guard let reply = next else {
                results.append(nil)
                continue
            }
            if let refusal = reply.refusal {
                // Of many, one that cannot be asked must not take the others' answers with it.
                guard let refusing else { throw .courier(refusal) }
                refusing(trial.credential.id, refusal)
            }
            let result = reply.refusal.map { _ in BalanceResult(outcome: .unknown, cause: .notAsked) }
            results.append(trialResult(result ?? reply.result, of: trial))
        }
        let answered = zip(trials, results).compactMap { trial, result in result.map { (trial, $0) } }
        try remember(answered.map(\.0), answered.map(\.1))
        return results
    }

    /// Why a key is not asked for, by its index: it is erased, or it was refused before and its host has seen enough
    /// wrong keys for now.
    private func spared(_ trials: [Trial]) throws(OperationError) -> [Int: Check.Cause] {
        var causes: [Int: Check.Cause] = [:]
        var left: [String: Int] = [:]
        for (index, trial) in trials.enumerated() {
            if trial.isRetired {
                causes[index] = .retired
                continue
            }
            guard trial.isCounted, trial.lastRefusal != nil else { continue }
            let terms = trial.credential.terms
            let host = Self.host(of: terms)
            if left[host] == nil { left[host] = try attemptsLeft(terms) }
            let count = left[host] ?? 0
            left[host] = count - 1
            if count <= 0 { causes[index] = .spared }
        }
        return causes
    }

    /// The balance calls of all trials; an answer that is none is asked for again, twice, after a moment, or after as long
    /// as the provider asks to wait. A refusal is an answer: it is never asked for again.
    /// - Returns: one reply for each trial, in their order.
    func steadyCall(_ trials: [Trial]) async throws(OperationError) -> [TrialResult] {
        var replies = try await call(trials)
        for pause in [1, 3] {
            let open = replies.indices.filter { replies[$0].check.outcome.isIndeterminate }
            guard !open.isEmpty, await isWaited(for: open.map { replies[$0] }, atLeast: Span(seconds: Int64(pause)))
            else { break }
            for (index, reply) in zip(open, try await call(open.map { trials[$0] })) { replies[index] = reply }
        }
        return replies
    }

    /// Waits as long as the providers of these replies ask to, a while where they do not say.
    /// - Returns: false when that is longer than anybody waits.
    func isWaited(for replies: [TrialResult], atLeast least: Span) async -> Bool {
        guard let asked = replies.compactMap(\.check.retryAfter).max() else {
            await store.clock.wait(least)
            return true
        }
        guard patience.waits, asked <= Patience.longest else { return false }
        if asked > least { patience.told(asked) }
        await store.clock.wait(max(asked, least))
        return true
    }

    /// What an answer means; none at all is `unknown`.
    func trialResult(_ result: BalanceResult?, of trial: Trial) -> TrialResult {
        // What the courier says is a stranger's word too: it is cut to a measure.
        let result = result ?? BalanceResult(outcome: .unknown, cause: .courier)
        let check = Check(
            outcome: result.outcome, at: store.now(), version: trial.version,
            balances: Array(result.balances.prefix(8)),
            identity: result.identity.map { String($0.prefix(128)) },
            latency: result.latencyMilliseconds.map { min(max($0, 0), 3_600_000) },
            status: result.status, cause: result.cause,
            providerText: result.providerMessage.map { String($0.prefix(200)) },
            retryAfter: result.outcome == .rateLimited ? result.retryAfter : nil)
        return TrialResult(
            check: check, began: result.began.map(store.clock.wall(at:)),
            ended: result.ended.map(store.clock.wall(at:)),
            expires: result.outcome == .ok ? result.expires : nil)
    }
}
