/// A place that a deployment is written to, and how far the last delivery got.
public struct Target: Hashable, Sendable {
    /// An absolute path.
    public let path: String
    /// The name of the preset that names the variables, such as `whmcs`.
    public let preset: String
    /// Who reads the file, such as `systemd`, or `universal` for every reader.
    public let reader: String
    /// Permission bits of the file; nil: 0600 for a new file, an existing file keeps its own.
    public let mode: UInt32?
    /// A user's name or number; nil: an existing file keeps its owner, a new file belongs to whoever runs rekeep.
    public let owner: String?
    /// A group's name or number; nil: an existing file keeps its group, a new file gets it from the system.
    public let group: String?
    /// The content is written through the file that is there, which is not replaced.
    public let isInPlace: Bool
    /// Words to run after a write, the program first; empty: none.
    public let hook: [String]
    /// What is recorded of the deliveries to it.
    public var delivery: DeliveryState

    /// A new one, or one as it was stored.
    public init(
        path: String, preset: String, reader: String, mode: UInt32?, owner: String?, group: String?,
        hook: [String], isInPlace: Bool = false, delivery: DeliveryState = DeliveryState()
    ) {
        self.path = path
        self.preset = preset
        self.reader = reader
        self.mode = mode
        self.owner = owner
        self.group = group
        self.hook = hook
        self.isInPlace = isInPlace
        self.delivery = delivery
    }
}

/// The three parts of a delivery, recorded apart so that a crash between them is seen and finished.
public struct DeliveryState: Hashable, Sendable {
    /// The version of each credential that was written.
    public var versions: [CredentialID: Int]
    /// The names of the variables that were written: those that are not wanted any more are taken out again.
    public var names: [String]
    /// When the file was last changed, or first found to hold the values; nil before that.
    public var writtenAt: Timestamp?
    /// When the file was last recorded as read back with the right values; nil before the first time.
    public var readBackAt: Timestamp?
    /// When the hook last ended with success; nil before the first time.
    public var hookRunAt: Timestamp?
    /// Content was written whose hook has not succeeded yet.
    public var isHookDue: Bool
    /// Why the last attempt ended early; nil when it did not.
    public var problem: DeliveryProblem?
    /// What the file had beside its content when it was last read back; nil before that.
    public var attributes: DeliveredAttributes?

    /// Without arguments: nothing has been delivered yet.
    public init(
        versions: [CredentialID: Int] = [:], names: [String] = [], writtenAt: Timestamp? = nil,
        readBackAt: Timestamp? = nil,
        hookRunAt: Timestamp? = nil, isHookDue: Bool = false, problem: DeliveryProblem? = nil,
        attributes: DeliveredAttributes? = nil
    ) {
        self.versions = versions
        self.names = names
        self.writtenAt = writtenAt
        self.readBackAt = readBackAt
        self.hookRunAt = hookRunAt
        self.isHookDue = isHookDue
        self.problem = problem
        self.attributes = attributes
    }
}

/// What a target's file had beside its content at a delivery.
public struct DeliveredAttributes: Hashable, Sendable {
    /// Permission bits; with an access list the group's are the list's mask.
    public let mode: UInt32
    /// A user's number.
    public let owner: UInt32
    /// A group's number.
    public let group: UInt32
    /// The POSIX access ACL as the kernel keeps it in `system.posix_acl_access`; nil where there is none.
    public let accessList: [UInt8]?

    /// As they were found, or as they were stored.
    public init(mode: UInt32, owner: UInt32, group: UInt32, accessList: [UInt8]?) {
        self.mode = mode
        self.owner = owner
        self.group = group
        self.accessList = accessList
    }
}
