public import Credentials
internal import Providers
internal import Sealing
internal import Vault

extension Keeper {
    /// Makes sure that the provider tells a wrong key from a right one, where that is not known yet: the same call with
    /// one character changed.
    /// - Parameter values: those of the key that has just been accepted.
    /// - Returns: what the control came to, now or when it was made; nil where none may be made.
    /// - Throws: `acceptsAnything`, `controlIndeterminate`.
    func control(
        _ credential: Credential, _ values: [String: SecretBytes], isWanted: Bool
    ) async throws(OperationError) -> Rotation.Probe? {
        let terms = credential.terms
        guard isWanted, terms.allowsControl,
            let field = terms.secretFields.first(where: { $0.role == .key }) ?? terms.secretFields.first,
            let key = values[field.name], let wrong = WrongKey.made(from: key, of: field)
        else { return nil }
        // Two paths of one host can differ in whether they look at the key at all.
        let others = terms.plainFields.filter { $0.role == .other }.compactMap { values[$0.name] }
        let endpoint = ([terms.baseURL] + others.map { $0.withBytes { String(decoding: $0, as: UTF8.self) } })
            .joined(separator: " ")
        let known = try read { snapshot throws(VaultError) in
            try snapshot.control(provider: credential.provider, environment: credential.environment, endpoint: endpoint)
        }
        if let known { return Rotation.Probe(outcome: known.outcome, at: known.at) }
        var altered = values
        altered[field.name] = wrong
        let check = try await steadyCall([Trial(credential: credential, version: 0, values: altered)])[0]
        guard check.outcome != .ok else { throw .acceptsAnything(endpoint: endpoint) }
        guard Control.isConvincing(check.outcome) else { throw .controlIndeterminate(check) }
        try write { transaction throws(VaultError) in
            try transaction.put(
                Control(
                    provider: credential.provider, environment: credential.environment, endpoint: endpoint,
                    outcome: check.outcome, at: check.at))
        }
        return Rotation.Probe(outcome: check.outcome, at: check.at)
    }

    /// The balance calls of all trials; an answer that is none is asked for again, twice, after a moment. A refusal
    /// is an answer: it is never asked for again.
    /// - Returns: one check for each trial, in their order.
    func steadyCall(_ trials: [Trial]) async throws(OperationError) -> [Check] {
        var checks = try await call(trials)
        for pause in [1, 3] {
            let open = checks.indices.filter { checks[$0].outcome.isIndeterminate }
            guard !open.isEmpty else { break }
            await Self.pause(Span(seconds: Int64(pause)))
            for (index, check) in zip(open, try await call(open.map { trials[$0] })) { checks[index] = check }
        }
        return checks
    }

    static func pause(_ span: Span) async {
        try? await Task.sleep(for: .seconds(span.seconds))
    }

    /// Waits until the clock shows `time`.
    public func wait(until time: Timestamp) async {
        let left = time - now()
        if left.seconds > 0 { await Self.pause(left) }
    }
}

/// How long to wait for a fresh key that the provider refuses: it may not be live yet.
struct Activation {
    private let end: Timestamp
    private var pause: Int64 = 2

    /// - Parameter issued: when the key was given to us.
    init(issued: Timestamp, window: Span) {
        end = issued + window
    }

    /// The time to wait before the next try, growing from 2 to 30 seconds, the last one at the window's end; nil when
    /// the window is over and a refusal means what it says.
    mutating func next(_ now: Timestamp) -> Span? {
        let left = (end - now).seconds
        guard left > 0 else { return nil }
        defer { pause = min(pause * 2, 30) }
        return Span(seconds: min(pause, left))
    }
}
