/// A place that a deployment is written to, and how far the last delivery got.
public struct Target: Hashable, Sendable {
    /// An absolute path.
    public let path: String
    public let preset: String
    public let dialect: String
    /// Permission bits of the file; nil: 0600 for a new file, an existing file keeps its own.
    public let mode: UInt32?
    public let owner: String?
    public let group: String?
    /// Words to run after a write, the program first; empty: none.
    public let hook: [String]
    public var delivery: DeliveryState

    public init(
        path: String, preset: String, dialect: String, mode: UInt32?, owner: String?, group: String?,
        hook: [String], delivery: DeliveryState = DeliveryState()
    ) {
        self.path = path
        self.preset = preset
        self.dialect = dialect
        self.mode = mode
        self.owner = owner
        self.group = group
        self.hook = hook
        self.delivery = delivery
    }
}

/// The three parts of a delivery, recorded apart so that a crash between them is seen and finished.
public struct DeliveryState: Hashable, Sendable {
    /// The version of each credential that was written.
    public var versions: [CredentialID: Int]
    /// The names of the variables that were written: those that are not wanted any more are taken out again.
    public var names: [String]
    public var writtenAt: Timestamp?
    public var readBackAt: Timestamp?
    public var hookRunAt: Timestamp?
    /// Content was written whose hook has not succeeded yet.
    public var isHookDue: Bool
    /// Why the last attempt ended early; nil when it did not.
    public var problem: DeliveryProblem?

    public init(
        versions: [CredentialID: Int] = [:], names: [String] = [], writtenAt: Timestamp? = nil,
        readBackAt: Timestamp? = nil,
        hookRunAt: Timestamp? = nil, isHookDue: Bool = false, problem: DeliveryProblem? = nil
    ) {
        self.versions = versions
        self.names = names
        self.writtenAt = writtenAt
        self.readBackAt = readBackAt
        self.hookRunAt = hookRunAt
        self.isHookDue = isHookDue
        self.problem = problem
    }
}
