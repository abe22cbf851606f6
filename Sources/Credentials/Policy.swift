/// A maximum age for the addresses that fit a pattern.
public struct Policy: Hashable, Sendable {
    public let pattern: Pattern
    public let maxAge: Span

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
}
