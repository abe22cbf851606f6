/// The negative control: the same balance call with one character of the key changed, which has to be refused. An
/// endpoint that accepts anything proves nothing. It is not made each time for a provider, environment and endpoint, because
/// wrong keys may count against the account.
public struct NegativeControl: Hashable, Sendable {
    public let provider: String
    public let environment: String
    /// The base URL, and what else of the credential's plain values says where to ask.
    public let endpoint: String
    public let outcome: Outcome
    public let at: Timestamp

    public init(provider: String, environment: String, endpoint: String, outcome: Outcome, at: Timestamp) {
        self.provider = provider
        self.environment = environment
        self.endpoint = endpoint
        self.outcome = outcome
        self.at = at
    }

    /// True when the provider tells a wrong key from a right one.
    public static func isConvincing(_ outcome: Outcome) -> Bool { outcome != .ok && !outcome.isIndeterminate }
}
