public import Credentials
public import Providers
internal import Sealing
internal import Vault

/// How a new key is proved, and who is told on the way.
public struct ProofOptions: Sendable {
    /// False: do not try whether the provider refuses a wrong key.
    let controls: Bool
    /// Told what was taken out of the pasted values, by field.
    let removing: @Sendable (Field, [Hygiene.Removal]) -> Void
    /// Told before each time that a fresh key is given time to become live.
    let waiting: @Sendable (Span) -> Void
    /// Told true when the process must not be interrupted, because a key is on its way that is nowhere else, and false
    /// when it may be again.
    let holding: @Sendable (Bool) -> Void

    public init(
        controls: Bool, removing: @escaping @Sendable (Field, [Hygiene.Removal]) -> Void,
        waiting: @escaping @Sendable (Span) -> Void, holding: @escaping @Sendable (Bool) -> Void
    ) {
        self.controls = controls
        self.removing = removing
        self.waiting = waiting
        self.holding = holding
    }

    func tellRemovals(_ intake: Intake, _ terms: Terms) {
        for field in terms.fields {
            if let removals = intake.removals[field.name] { removing(field, removals) }
        }
    }
}

extension Keeper {
    /// How long it is believed that an endpoint refuses wrong keys.
    static let controlLifetime = Span.days(1)

    /// Makes sure that the provider tells a wrong key from a right one, where that was not seen in the last day: the same
    /// call with one character changed.
    /// - Parameters:
    ///   - values: those of the key that has just been accepted.
    ///   - isDoubtful: what was seen earlier does not count.
    /// - Returns: what the control came to, now or when it was made; nil where none may be made.
    /// - Throws: `acceptsAnything`, `controlIndeterminate`.
    func control(
        _ credential: Credential, _ values: [String: SecretBytes], isWanted: Bool,
        isDoubtful: Bool = false
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
        if let known, !isDoubtful, now() - known.at < Self.controlLifetime {
            return Rotation.Probe(outcome: known.outcome, at: known.at)
        }
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
