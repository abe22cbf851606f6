/// The negative control: the same balance call with one character of the key changed, which has to be refused. An
/// endpoint that accepts anything proves nothing. It is made once for a provider, environment and endpoint and then
/// remembered, because wrong keys may count against the account.
public struct NegativeControl: Hashable, Sendable {
    /// The id of the provider's profile.
    public let provider: String
    /// Such as `live`.
    public let environment: String
    /// The base URL, and what else of the credential's plain values says where to ask.
    public let endpoint: String
    /// The provider's answer to the wrong key. Only a refusal is kept.
    public let outcome: Outcome
    /// When the answer was there; it is believed for one day.
    public let at: Timestamp

    /// One that was just made, or one as it was stored.
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
