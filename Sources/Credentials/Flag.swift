/// Something that a person should look at.
public enum Flag: String, Sendable, CaseIterable {
    /// Three quarters of the maximum age have passed.
    case due
    /// Older than its maximum age.
    case overdue
    /// The provider ends it within 14 days.
    case expiring
    case expired
    /// Its only key on record was found dead and erased, and an older copy of the vault was restored.
    case retired
    /// The provider refused it when it was last checked.
    case refused
    /// It was replaced under another address, where the same key was kept apart.
    case replaced
    /// Never proved, or not for 30 days.
    case unproved
    /// A rotation is unfinished.
    case pending
    case oldKeyAlive = "old-key-alive"
    /// A target does not hold the current value.
    case drift
    /// One secret in two environments, or in two credentials that are not linked.
    case shared
    /// Bound to no target, and not read with `env` or `exec` on this machine for 30 days.
    case unused

    /// What is looked at first: the lower, the sooner.
    public var urgency: Int {
        switch self {
        case .expired: 0
        case .retired: 1
        case .refused: 2
        case .replaced: 3
        case .oldKeyAlive: 4
        case .overdue: 5
        case .pending: 6
        case .drift: 7
        case .shared: 8
        case .expiring: 9
        case .due: 10
        case .unproved: 11
        case .unused: 12
        }
    }

    /// Wrong already, rather than soon to be.
    public var isGrave: Bool {
        switch self {
        case .overdue, .expired, .retired, .refused, .replaced, .oldKeyAlive, .drift, .shared: true
        case .due, .expiring, .unproved, .pending, .unused: false
        }
    }
}
