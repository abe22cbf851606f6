/// How often a host may be asked with a wrong key: many lock the account, or this address, when it happens too often.
public struct AttemptBudget: Hashable, Codable, Sendable {
    /// At most so many …
    public let most: Int
    /// … in so long.
    public let per: Span

    public init(most: Int, per: Span) {
        self.most = most
        self.per = per
    }

    /// For a provider that does not say.
    public static let usual = AttemptBudget(most: 3, per: Span(seconds: 600))
}

/// The wrong keys that a host has seen lately.
public struct WrongAttempts: Hashable, Sendable {
    public let host: String
    /// Ascending.
    public private(set) var times: [Timestamp]

    public init(host: String, times: [Timestamp] = []) {
        self.host = host
        self.times = times
    }

    /// Those that count at `now`. One that a clock gone wrong has put far ahead does not.
    public func counted(_ budget: AttemptBudget, at now: Timestamp) -> [Timestamp] {
        times.filter { now - $0 < budget.per && $0 - now < budget.per }
    }

    /// How many more the host may see.
    public func left(_ budget: AttemptBudget, at now: Timestamp) -> Int {
        max(0, budget.most - counted(budget, at: now).count)
    }

    /// When one more may be made.
    public func nextFree(_ budget: AttemptBudget, at now: Timestamp) -> Timestamp {
        let counted = counted(budget, at: now)
        guard counted.count >= budget.most, budget.most > 0 else { return now }
        return counted[counted.count - budget.most] + budget.per
    }

    /// Counts `count` more, and forgets what does not count any more.
    public mutating func add(_ count: Int, _ budget: AttemptBudget, at now: Timestamp) {
        times = (counted(budget, at: now) + Array(repeating: now, count: count)).sorted()
    }
}
