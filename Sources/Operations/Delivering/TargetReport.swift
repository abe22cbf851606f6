public import Credentials
public import Delivery

/// What became of one target.
public struct TargetReport: Sendable, Equatable {
    public let deployment: Deployment
    public let path: String
    /// The file holds the current values; `isChanged` tells whether it had to be written.
    public var isWritten = false
    public var isChanged = false
    public var isReadBack = false
    /// Nil where the target has no hook.
    public var isHookRun: Bool?
    public var problem: DeliveryError?
    var versions: [CredentialID: Int] = [:]

    public var isDone: Bool { isWritten && isReadBack && isHookRun != false && problem == nil }
}

/// What a deploy would change in one target: names, never values.
public struct DeployPreview: Sendable {
    public let deployment: Deployment
    public let path: String
    /// Variables that are absent or hold something else.
    public let changes: [String]
    /// True when a hook is still to be run.
    public let isHookDue: Bool
    public let problem: DeliveryError?
}
