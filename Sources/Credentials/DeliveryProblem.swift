/// Why a target is not known to hold the current values.
public enum DeliveryProblem: UInt8, Sendable {
    /// The last delivery ended early.
    case hookFailed = 1
    case readBackDiffers = 2
    case keyRetired = 3
    case vaultUnavailable = 4
    case notEncodable = 5
    case notWritten = 6
    /// The last look at it found something else.
    case stale = 7
    case missing = 8
    case unreadable = 9
    case foreign = 10

    /// True for what a look at the target found; a later look can take it back.
    public var isDrift: Bool {
        switch self {
        case .stale, .missing, .unreadable, .foreign: true
        case .hookFailed, .readBackDiffers, .keyRetired, .vaultUnavailable, .notEncodable, .notWritten: false
        }
    }
}
