internal import Credentials
public import Providers
internal import Sealing

extension CourierClient {
    /// One profile, or all.
    /// - Returns: the profiles, and what is wrong with the user's own when all were asked for.
    public func describe(
        _ provider: String?
    ) async throws(OperationError) -> (profiles: [ProviderDescription], faults: [OperationError]) {
        guard executable != nil else { throw .courierMissing }
        guard let answer = await ask([.describe(provider: provider)]).first else { throw .courierSilent }
        guard let profiles = answer.descriptions else {
            throw answer.refusal.map { .courier($0) } ?? .courierSilent
        }
        return (profiles, (answer.faults ?? []).map { .courier($0) })
    }

    /// What the profile that is in a file looks like, after its samples have been read as it says.
    public func validate(_ file: String, content: String) async throws(OperationError) -> ProviderDescription {
        guard executable != nil else { throw .courierMissing }
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

    /// There is nothing to try: the key was found dead and erased.
    var isRetired: Bool { credential.version(number: version)?.isRetired == true }

    /// What the courier has to know to use this key.
    var balanceCall: BalanceCall {
        BalanceCall(
            provider: credential.provider, environment: credential.environment,
            baseURL: credential.terms.baseURL, fields: values, secrets: credential.terms.secretFields.map(\.name))
    }
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

    /// Makes the balance calls of all trials, many at once.
    /// - Parameter refusing: told of each question that the courier refused, with its credential. Where all trials are
    ///   of one credential, that is thrown instead.
    /// - Returns: one check for each trial, in their order.
    func call(
        _ trials: [Trial], progress: @escaping @Sendable (Int) -> Void = { _ in },
        refusing: (CredentialID, CourierAnswer.Refusal) -> Void = { _, _ in }
    ) async throws(OperationError) -> [Check] {
        guard courier.executable != nil else { throw .courierMissing }
        let asked = trials.filter { !$0.isRetired }
        let isOfMany = Set(trials.map(\.credential.id)).count > 1
        let answers = await courier.ask(asked.map { .balance($0.balanceCall) }, progress: progress)
        var checks: [Check] = []
        var next = answers.makeIterator()
        for trial in trials {
            if trial.isRetired {
                checks.append(
                    Check(
                        outcome: .badCredentials, at: now(), version: trial.version, balance: nil, identity: nil,
                        latency: nil, message: "it was retired: rekeep rotate takes the new key"))
                continue
            }
            guard let answer = next.next() else { throw .courierSilent }
            if let refusal = answer.refusal {
                // Of many, one that cannot be asked must not take the others' answers with it.
                guard isOfMany else { throw .courier(refusal) }
                refusing(trial.credential.id, refusal)
            }
            let result = answer.refusal.map { _ in BalanceResult(outcome: Outcome.unknown.name, cause: .notAsked) }
            checks.append(check(result ?? answer.result, of: trial))
        }
        return checks
    }

    /// What an answer means; none at all is `unknown`.
    func check(_ result: BalanceResult?, of trial: Trial) -> Check {
        // What the courier says is a stranger's word too: texts are cut, and nothing unknown becomes ok.
        let result = result ?? BalanceResult(outcome: Outcome.unknown.name, cause: .courier)
        let outcome = Outcome(name: result.outcome) ?? .unknown
        let balance = result.balance.flatMap { Money(amount: $0, currency: result.currency) }
        return Check(
            outcome: outcome, at: now(), version: trial.version, balance: balance,
            identity: result.identity.map { String($0.prefix(128)) }, latency: result.latencyMilliseconds,
            message: CheckMessage.text(outcome, result))
    }
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
        case .rateLimited: return "the provider asks to slow down" + status + own
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
        case .tooLarge, .other, .courier, .notAsked, nil: "the connection broke"
        }
    }
}
