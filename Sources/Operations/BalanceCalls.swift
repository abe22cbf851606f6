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
        guard let answer = await ask([.describe(provider: provider)]).first else { throw .courierSilent }
        guard let profiles = answer.descriptions else {
            throw answer.refusal.map { .courier($0) } ?? .courierSilent
        }
        return (profiles, (answer.faults ?? []).map { .courier($0) })
    }

    /// What the profile that is in a file looks like, after its samples have been read as it says.
    public func validate(_ file: String, content: String) async throws(OperationError) -> ProviderDescription {
        guard isInstalled else { throw .courierMissing }
        guard let answer = await ask([.validate(file: file, content: content)]).first else { throw .courierSilent }
        guard let profile = answer.descriptions?.first else {
            throw answer.refusal.map { .courier($0) } ?? .courierSilent
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
    var balanceCall: BalanceCall {
        BalanceCall(
            provider: credential.provider, environment: credential.environment,
            baseURL: credential.terms.baseURL, fields: values, secrets: credential.terms.secretFields.map(\.name))
    }
}

/// What came of a trial.
struct Reply {
    let check: Check
    /// When the request left and when its answer was there, in milliseconds since 1970; nil when none was sent.
    let began: Int64?
    let ended: Int64?
    /// How long the provider asks to wait.
    let retryAfter: Span?
    /// When the provider ends the key, where it says so.
    let expires: Timestamp?

    /// The key was not asked for: it was refused before, and its host has seen enough wrong keys.
    var isSpared: Bool { ended == nil && check.outcome.isDead }
}

extension Keeper {
    /// The profile of one provider.
    public func profile(of provider: String) async throws(OperationError) -> ProviderDescription {
        guard let profile = try await courier.describe(provider).profiles.first else { throw .courierSilent }
        return profile
    }

    /// The stored values of a version, to be tried.
    func trial(_ version: Version, of credential: Credential) throws(OperationError) -> Trial {
        Trial(credential: credential, version: version.number, values: try values(of: version, in: credential))
    }

    /// Makes the balance calls of all trials, many at once, and counts the wrong keys among them.
    /// - Parameter refusing: told of each question that the courier refused, with its credential; without it, that is
    ///   thrown.
    /// - Returns: one reply for each trial, in their order.
    func call(
        _ trials: [Trial], progress: @escaping @Sendable (Int) -> Void = { _ in },
        refusing: ((CredentialID, CourierReply.Refusal) -> Void)? = nil
    ) async throws(OperationError) -> [Reply] {
        guard courier.isInstalled else { throw .courierMissing }
        let spared = try spared(trials)
        let asked = trials.indices.filter { spared[$0] == nil }.map { trials[$0] }
        let answers = await courier.ask(asked.map { .balance($0.balanceCall) }, progress: progress)
        var replies: [Reply] = []
        var next = answers.makeIterator()
        for (index, trial) in trials.enumerated() {
            if let message = spared[index] {
                let check = Check(
                    outcome: .badCredentials, at: trial.lastRefusal ?? now(), version: trial.version, balances: [],
                    identity: nil,
                    latency: nil, message: message)
                replies.append(Reply(check: check, began: nil, ended: nil, retryAfter: nil, expires: nil))
                continue
            }
            guard let answer = next.next() else { throw .courierSilent }
            if let refusal = answer.refusal {
                // Of many, one that cannot be asked must not take the others' answers with it.
                guard let refusing else { throw .courier(refusal) }
                refusing(trial.credential.id, refusal)
            }
            let result = answer.refusal.map { _ in BalanceResult(outcome: Outcome.unknown.name, cause: .notAsked) }
            replies.append(reply(result ?? answer.result, to: trial))
        }
        try remember(trials, replies)
        return replies
    }

    /// Why a key is not asked for, by its place: it is erased, or it was refused before and its host has seen enough
    /// wrong keys for now.
    private func spared(_ trials: [Trial]) throws(OperationError) -> [Int: String] {
        var messages: [Int: String] = [:]
        var left: [String: Int] = [:]
        for (index, trial) in trials.enumerated() {
            if trial.isRetired {
                messages[index] = "it was retired: rekeep rotate takes the new key"
                continue
            }
            guard trial.isCounted, trial.lastRefusal != nil else { continue }
            let terms = trial.credential.terms
            let host = Self.host(of: terms)
            if left[host] == nil { left[host] = try attemptsLeft(terms) }
            let count = left[host] ?? 0
            left[host] = count - 1
            if count <= 0 {
                messages[index] =
                    "it was refused before; \(host) is asked with at most \(terms.attempts.most) wrong keys in \(terms.attempts.per)"
            }
        }
        return messages
    }

    /// The balance calls of all trials; an answer that is none is asked for again, twice, after a moment, or after as long
    /// as the provider asks to wait. A refusal is an answer: it is never asked for again.
    /// - Returns: one reply for each trial, in their order.
    func steadyCall(_ trials: [Trial]) async throws(OperationError) -> [Reply] {
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
    func isWaited(for replies: [Reply], atLeast least: Span) async -> Bool {
        guard let asked = replies.compactMap(\.retryAfter).max() else {
            await clock.wait(least)
            return true
        }
        guard patience.waits, asked <= Patience.longest else { return false }
        if asked > least { patience.told(asked) }
        await clock.wait(max(asked, least))
        return true
    }

    /// What an answer means; none at all is `unknown`.
    func reply(_ result: BalanceResult?, to trial: Trial) -> Reply {
        // What the courier says is a stranger's word too: texts are cut, and nothing unknown becomes ok.
        let result = result ?? BalanceResult(outcome: Outcome.unknown.name, cause: .courier)
        let outcome = Outcome(name: result.outcome) ?? .unknown
        let check = Check(
            outcome: outcome, at: now(), version: trial.version,
            balances: result.balances.prefix(8).compactMap { Money(amount: $0.amount, currency: $0.currency) },
            identity: result.identity.map { String($0.prefix(128)) }, latency: result.latencyMilliseconds,
            message: CheckMessage.text(outcome, result))
        return Reply(
            check: check, began: result.began.map(clock.wall(at:)), ended: result.ended.map(clock.wall(at:)),
            retryAfter: outcome == .rateLimited
                ? result.retryAfterSeconds.map { Span(seconds: Int64(max(0, $0))) } : nil,
            expires: outcome == .ok ? Self.date(result.expires) : nil)
    }

    /// The day is enough, and every provider writes it first.
    static func date(_ text: String?) -> Timestamp? { text.flatMap { Timestamp(date: String($0.prefix(10))) } }
}

/// The sentence that goes with an outcome.
enum CheckMessage {
    static func text(_ outcome: Outcome, _ result: BalanceResult) -> String {
        let status = result.status.map { " (HTTP \($0))" } ?? ""
        let own = result.providerMessage.map { ": " + String($0.prefix(200)) } ?? ""
        switch outcome {
        case .ok: return "the provider accepts it"
        case .badCredentials: return "the provider refuses it" + status + own
        case .expired: return "the provider says that it has expired" + status + own
        case .forbidden: return "the key is right but may not read the balance" + status + own
        case .ipNotAllowed: return "the key is right but this address is not on the allow-list" + status + own
        case .wrongEnvironment: return "the key belongs to another environment" + status + own
        case .rateLimited:
            let wait = result.retryAfterSeconds.map { " and to wait \($0) s" } ?? ""
            return "the provider asks to slow down" + wait + status + own
        case .providerDown: return "the provider is out of order" + status
        case .unknown: return unknown(result.cause, status)
        case .unreachable: return unreachable(result.cause)
        }
    }

    private static func unknown(_ cause: BalanceResult.Cause?, _ status: String) -> String {
        switch cause {
        case .courier: "the courier gave no answer"
        case .notAsked: "it was not asked for: its profile or its fields are not right"
        case .tooLarge: "the answer is larger than 1 MiB"
        default: "the answer is not one that this provider gives" + status
        }
    }

    private static func unreachable(_ cause: BalanceResult.Cause?) -> String {
        switch cause {
        case .dns: "the provider's host name is not found"
        case .connect: "no connection to the provider"
        case .tls: "the provider's certificate is not valid"
        case .proxy: "HTTPS_PROXY or ALL_PROXY names no proxy that can be used; http://HOST:PORT is expected"
        case .tlsVersion: "the provider speaks no TLS newer than 1.1, which protects nothing"
        case .timeout: "no answer within 20 seconds"
        case .reset: "the connection ended in the middle of the answer"
        case .tooLarge, .other, .courier, .notAsked, nil: "the connection broke"
        }
    }
}
