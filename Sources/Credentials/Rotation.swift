/// The journal of one rotation: everything that is needed to go on after a crash.
public struct Rotation: Hashable, Sendable {
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

        /// Somebody has to go on with it: nothing waits for a provider or for time.
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
        public let state: State
        public let at: Timestamp

        public init(state: State, at: Timestamp) {
            self.state = state
            self.at = at
        }
    }

    /// What a probe of a key said, and when.
    public struct Probe: Hashable, Sendable {
        public let outcome: Outcome
        public let at: Timestamp

        public init(outcome: Outcome, at: Timestamp) {
            self.outcome = outcome
            self.at = at
        }
    }

    /// In milliseconds. The old key ended some time between the last request that it was accepted for and the first
    /// answer that refused it.
    public struct Downtime: Hashable, Sendable {
        public let least: Int64
        public let most: Int64

        public init(least: Int64, most: Int64) {
            self.least = least
            self.most = most
        }
    }

    public let credential: CredentialID
    /// The address that the rotation was started with.
    public let address: Address
    public let mode: Terms.Mode
    public let oldVersion: Int
    /// Set when the new values are staged.
    public var newVersion: Int?
    /// How long the old key stays accepted on purpose.
    public let grace: Span
    public private(set) var steps: [Step]
    public var newKey: Probe?
    public var oldKey: Probe?
    /// The result of the same call with one character changed, where it was made.
    public var control: Probe?
    /// When the request left to which the old key was last accepted, in milliseconds since 1970.
    public var oldKeyLastAlive: Int64?
    /// When the first answer came that refused it after that.
    public var oldKeyFirstDead: Int64?
    public var graceUntil: Timestamp?
    /// How long the applications had no key that worked, to the end of the last target's hook.
    public var downtime: Downtime?

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

    public var state: State { steps[steps.count - 1].state }

    public mutating func enter(_ state: State, at now: Timestamp) {
        steps.append(Step(state: state, at: now))
    }
}
