/// Why a target is not known to hold the current values.
public enum DeliveryProblem: UInt8, Sendable {
    // Why the last delivery ended early.

    /// The hook failed, took too long, or must not be run.
    case hookFailed = 1
    /// What was written does not read back as the same values.
    case readBackDiffers = 2
    /// The current key was found dead and erased.
    case keyRetired = 3
    /// The values could not be read from the vault.
    case vaultUnavailable = 4
    /// A value has no spelling, a name is wrong or taken, or there is nothing to write.
    case notEncodable = 5
    /// The file is not one that can be replaced, or replacing it failed.
    case notWritten = 6

    // What the last `drift` found instead of the current values.

    /// An older version.
    case stale = 7
    /// No file, or a variable is not in it.
    case missing = 8
    /// The file, or what it should hold, cannot be read.
    case unreadable = 9
    /// Something that is not known as a version of ours.
    case foreign = 10
    /// The values, but with another owner, group, mode or access list.
    case attributes = 11
    /// The values, but a program still has the file from before, which was mounted for it by itself.
    case mountedOld = 12

    /// True for what a look at the target found; a later look can take it back.
    public var isDrift: Bool {
        switch self {
        case .stale, .missing, .unreadable, .foreign, .attributes, .mountedOld: true
        case .hookFailed, .readBackDiffers, .keyRetired, .vaultUnavailable, .notEncodable, .notWritten: false
        }
    }
}
