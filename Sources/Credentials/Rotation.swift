/// The journal of one rotation: everything that is needed to go on after a crash.
public struct Rotation: Hashable, Sendable {
    /// How far a rotation is. docs/rotation.md says what has happened in each state.
    public enum State: UInt8, Sendable {
        case planned = 1
        case staged = 2
        case proved = 3
        case promoted = 4
        case delivering = 5
        case grace = 6
        case retiring = 7
        case done = 8
        case aborted = 9
        case rolledBack = 10

        /// The spelling in messages and JSON, such as `rolled-back`.
        public var name: String {
            switch self {
            case .planned: "planned"
            case .staged: "staged"
            case .proved: "proved"
            case .promoted: "promoted"
            case .delivering: "delivering"
            case .grace: "grace"
            case .retiring: "retiring"
            case .done: "done"
            case .aborted: "aborted"
            case .rolledBack: "rolled-back"
            }
        }

        /// Nothing is left to do.
        public var isOver: Bool {
            switch self {
            case .done, .aborted, .rolledBack: true
            case .planned, .staged, .proved, .promoted, .delivering, .grace, .retiring: false
            }
        }

        /// Somebody has to go on with it: it does not only wait for a provider, or for time to pass.
        public var isUnfinished: Bool {
            switch self {
            case .planned, .staged, .proved, .promoted, .delivering: true
            case .grace, .retiring, .done, .aborted, .rolledBack: false
            }
        }

        /// The new version is current, and every target must hold it.
        public var isPromoted: Bool {
            switch self {
            case .promoted, .delivering, .grace, .retiring, .done: true
            case .planned, .staged, .proved, .aborted, .rolledBack: false
            }
        }
    }

    /// When a state was entered.
    public struct Step: Hashable, Sendable {
        /// The state that was entered.
        public let state: State
        /// By the clock of the machine that ran the rotation.
        public let at: Timestamp

        /// A new one, or one as it was stored.
        public init(state: State, at: Timestamp) {
            self.state = state
            self.at = at
        }
    }

    /// What a probe of a key said, and when.
    public struct Probe: Hashable, Sendable {
        /// What the answer means.
        public let outcome: Outcome
        /// When the answer was there.
        public let at: Timestamp

        /// A new one, or one as it was stored.
        public init(outcome: Outcome, at: Timestamp) {
            self.outcome = outcome
            self.at = at
        }
    }

    /// In milliseconds. The old key ended some time between the last request that it was accepted for and the first
    /// answer that refused it.
    public struct Downtime: Hashable, Sendable {
        /// From the first answer that refused the old key; 0 where there was none.
        public let least: Int64
        /// From the last request that the old key was accepted for.
        public let most: Int64

        /// `least` must not be more than `most`.
        public init(least: Int64, most: Int64) {
            self.least = least
            self.most = most
        }
    }

    /// The credential whose key is replaced.
    public let credential: CredentialID
    /// The address that the rotation was started with.
    public let address: Address
    /// The profile's, unless the user chose another.
    public let mode: Terms.Mode
    /// The number of the version that was current when the rotation was planned.
    public let oldVersion: Int
    /// Set when the new values are staged.
    public var newVersion: Int?
    /// How long the old key stays accepted on purpose.
    public let grace: Span
    /// In the order in which the states were entered; never empty.
    public private(set) var steps: [Step]
    /// The last answer for the new key; nil before it was asked for.
    public var newKey: Probe?
    /// The last answer for the old key that still means something; nil when there is none.
    public var oldKey: Probe?
    /// The result of the same call with one character changed, where it was made.
    public var control: Probe?
    /// When the request left to which the old key was last accepted, in milliseconds since 1970.
    public var oldKeyLastAlive: Int64?
    /// When the first answer came that refused it after that, in milliseconds since 1970.
    public var oldKeyFirstDead: Int64?
    /// When the grace ends; nil when the rotation never reached it.
    public var graceUntil: Timestamp?
    /// How long the applications had no key that worked, to the end of the last target's hook.
    public var downtime: Downtime?

    /// A new one, in the state `planned`.
    public init(
        credential: CredentialID, address: Address, mode: Terms.Mode, oldVersion: Int, grace: Span, at now: Timestamp
    ) {
        self.credential = credential
        self.address = address
        self.mode = mode
        self.oldVersion = oldVersion
        self.grace = grace
        steps = [Step(state: .planned, at: now)]
    }

    /// A stored rotation; nil without a step.
    public init?(
        credential: CredentialID, address: Address, mode: Terms.Mode, oldVersion: Int, grace: Span, steps: [Step]
    ) {
        guard !steps.isEmpty else { return nil }
        self.credential = credential
        self.address = address
        self.mode = mode
        self.oldVersion = oldVersion
        self.grace = grace
        self.steps = steps
    }

    /// The last state that was entered.
    public var state: State { steps[steps.count - 1].state }

    /// Adds a step. The caller has to store the journal.
    public mutating func enter(_ state: State, at now: Timestamp) {
        steps.append(Step(state: state, at: now))
    }
}
