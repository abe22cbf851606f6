/// What one balance call said of one version.
public struct Check: Hashable, Sendable {
    public let outcome: Outcome
    public let at: Timestamp
    /// The number of the version that was tried.
    public let version: Int
    /// What the account holds, by currency; the first is the one that counts. Empty where the answer does not say.
    public let balances: [Money]
    /// The account that the provider says the key belongs to.
    public let identity: String?
    /// From the first byte sent to the last received, in milliseconds.
    public let latency: Int?
    /// A sentence for a person; never holds a secret.
    public let message: String

    public init(
        outcome: Outcome, at: Timestamp, version: Int, balances: [Money], identity: String?, latency: Int?,
        message: String
    ) {
        self.outcome = outcome
        self.at = at
        self.version = version
        self.balances = balances
        self.identity = identity
        self.latency = latency
        self.message = message
    }

    public var balance: Money? { balances.first }
}
