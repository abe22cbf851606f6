public import Credentials
public import Delivery

/// What became of one target.
public struct TargetReport: Sendable, Equatable {
    /// The deployment that the target belongs to.
    public let deployment: Deployment
    /// The target's file, an absolute path; empty when the deployment could not be read.
    public let path: String
    /// The file holds the current values; `isChanged` tells whether it had to be written.
    public var isWritten = false
    /// Before the delivery the file differed from what it should hold.
    public var isChanged = false
    /// The file was read again and holds the current values.
    public var isReadBack = false
    /// Nil where no hook is due; false until it has ended with success.
    public var isHookRun: Bool?
    /// Why the delivery ended early, or its hook failed; nil when neither happened.
    public var problem: DeliveryError?
    var versions: [CredentialID: Int] = [:]

    /// Written, read back, and no hook is left to run.
    public var isDone: Bool { isWritten && isReadBack && isHookRun != false && problem == nil }
}

/// What a deploy would change in one target: names, never values.
public struct DeployPreview: Sendable {
    /// The deployment that the target belongs to.
    public let deployment: Deployment
    /// The target's file, an absolute path.
    public let path: String
    /// Variables that are absent or hold something else, and what of the file's attributes is not as declared.
    public let changes: [String]
    /// Variables that were ours, are not wanted any more, and would go.
    public let removals: [String]
    /// True when the hook would be run.
    public let isHookDue: Bool
    /// Why the target could not be written; then `changes` is empty.
    public let problem: DeliveryError?
}
