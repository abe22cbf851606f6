/// How often a host may be asked with a wrong key: many lock the account, or this machine's IP address, when it happens
/// too often.
public struct AttemptBudget: Hashable, Codable, Sendable {
    /// The number of wrong keys that the host may see in the time `per`.
    public let most: Int
    /// A wrong key counts for this long.
    public let per: Span

    /// As a profile declares it, or as it was stored.
    public init(most: Int, per: Span) {
        self.most = most
        self.per = per
    }

    /// For a provider that does not say.
    public static let usual = AttemptBudget(most: 3, per: Span(seconds: 600))
}

/// The wrong keys that a host has seen lately.
public struct WrongAttempts: Hashable, Sendable {
    /// As in the credential's base URL: lower case, without the port.
    public let host: String
    /// When each was tried, ascending.
    public private(set) var times: [Timestamp]

    /// `times` must be ascending.
    public init(host: String, times: [Timestamp] = []) {
        self.host = host
        self.times = times
    }

    /// Those that count at `now`. One that lies far in the future, because a clock was wrong, does not count.
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
