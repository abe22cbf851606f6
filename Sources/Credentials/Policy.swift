/// A maximum age for the addresses that fit a pattern.
public struct Policy: Hashable, Sendable {
    /// The addresses that it is for, such as `*/live/*`.
    public let pattern: Pattern
    /// The age above which a key is overdue.
    public let maxAge: Span

    /// A rule as the user gave it, or as it was stored.
    public init(pattern: Pattern, maxAge: Span) {
        self.pattern = pattern
        self.maxAge = maxAge
    }
}

extension [Policy] {
    /// The rule for `address`: the most specific pattern that fits; of equals the strictest.
    public func rule(for address: Address) -> Policy? {
        filter { $0.pattern.matches(address) }.max {
            ($0.pattern.specificity, $1.maxAge) < ($1.pattern.specificity, $0.maxAge)
        }
    }

    /// The age above which a credential is overdue: its own, else that of the rule for the address, else its profile's.
    public func maxAge(of credential: Credential, at address: Address) -> Span {
        credential.maxAge ?? rule(for: address)?.maxAge ?? credential.terms.maxAge
    }
}
