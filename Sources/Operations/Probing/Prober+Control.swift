public import Credentials
public import Providers
public import Sealing
internal import Vault

/// What became of an issued key that could be kept nowhere.
public enum Handover: Sendable {
    /// Somebody has it now.
    case taken
    /// There may be room for it by now: try to keep it once more.
    case again
    /// There was nobody to give it to.
    case nobody
}

/// How a new key is proved, and who is told or asked on the way.
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
    /// Asked whether two living keys are of one account, although what they show differs: the old one's, the new one's.
    /// The old one's is empty where its provider gave no answer.
    let isOneAccount: @Sendable ([Money], [Money]) -> Bool
    /// Given an issued key that can be kept nowhere else.
    let handingOver: @Sendable ([String: SecretBytes]) -> Handover

    /// The properties say when each closure is called, and with what.
    public init(
        controls: Bool, removing: @escaping @Sendable (Field, [Hygiene.Removal]) -> Void,
        waiting: @escaping @Sendable (Span) -> Void, holding: @escaping @Sendable (Bool) -> Void,
        isOneAccount: @escaping @Sendable ([Money], [Money]) -> Bool,
        handingOver: @escaping @Sendable ([String: SecretBytes]) -> Handover
    ) {
        self.controls = controls
        self.removing = removing
        self.waiting = waiting
        self.holding = holding
        self.isOneAccount = isOneAccount
        self.handingOver = handingOver
    }

    func tellRemovals(_ intake: Intake, _ terms: Terms) {
        for field in terms.fields {
            if let removals = intake.removals[field.name] { removing(field, removals) }
        }
    }
}

extension Prober {
    /// How long it is believed that an endpoint refuses wrong keys.
    static let controlLifetime = Span.days(1)

    /// Makes sure that the provider tells a wrong key from a right one, where that was not seen in the last day: the same
    /// call with one character changed.
    /// - Parameters:
    ///   - values: those of the key that has just been accepted.
    ///   - isDoubtful: what was seen earlier does not count.
    ///   - refused: an answer that refused another key of the account a moment ago. It shows the same, and costs no
    ///     wrong attempt.
    /// - Returns: what the control came to, now or when it was made; nil where none may be made.
    /// - Throws: `acceptsAnything`, `controlIndeterminate`, `attemptsSpent`.
    func control(
        _ credential: Credential, _ values: [String: SecretBytes], isWanted: Bool,
        isDoubtful: Bool = false, refused: Check? = nil
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
        if let refused, refused.outcome == .badCredentials {
            try remember(refused, for: credential, endpoint)
            return Rotation.Probe(outcome: refused.outcome, at: refused.at)
        }
        let known = try store.read { snapshot throws(VaultError) in
            try snapshot.control(provider: credential.provider, environment: credential.environment, endpoint: endpoint)
        }
        if let known, !isDoubtful, store.now() - known.at < Self.controlLifetime {
            return Rotation.Probe(outcome: known.outcome, at: known.at)
        }
        var altered = values
        altered[field.name] = wrong
        try takeAttempt(terms)
        let trial = Trial(credential: credential, version: 0, values: altered, isCounted: false, isStored: false)
        let check = try await steadyCall([trial])[0].check
        guard check.outcome != .ok else { throw .acceptsAnything(endpoint: endpoint) }
        guard NegativeControl.isConvincing(check.outcome) else { throw .controlIndeterminate(check) }
        try remember(check, for: credential, endpoint)
        return Rotation.Probe(outcome: check.outcome, at: check.at)
    }

    private func remember(_ check: Check, for credential: Credential, _ endpoint: String) throws(OperationError) {
        try store.write { transaction throws(VaultError) in
            try transaction.put(
                NegativeControl(
                    provider: credential.provider, environment: credential.environment, endpoint: endpoint,
                    outcome: check.outcome, at: check.at))
        }
    }
}

/// How long to wait for a fresh key that the provider refuses: it may not be live yet.
struct Activation {
    private let end: Timestamp
    private var pauses: [Int64] = [1, 2, 3, 5, 8, 10]

    /// - Parameter issued: when the key was given to us.
    init(issued: Timestamp, window: Span) {
        end = issued + window
    }

    /// The time to wait before the next try, growing from 1 to 10 seconds, the last one at the window's end; nil when
    /// the window is over and a refusal means what it says.
    mutating func next(_ now: Timestamp) -> Span? {
        let left = (end - now).seconds
        guard left > 0 else { return nil }
        let pause = pauses.count > 1 ? pauses.removeFirst() : pauses[0]
        return Span(seconds: min(pause, left))
    }
}
