/// A keyring does not keep keys here, or not any more.
public enum KeyringError: Error, Equatable, Sendable {
    /// The kernel's errno: a container may forbid keyctl, a quota may be used up.
    case kernel(errno: Int32)
    /// libsecret is not installed.
    case noLibrary
    /// There is no D-Bus session bus.
    case noBus
    /// The keyring with the key is locked.
    case locked
    /// No answer in time: somebody may have to answer a prompt.
    case timedOut
    /// No Secret Service, or one that refuses.
    case service
    /// A variable that sends libsecret elsewhere, for its own tests.
    case testBackEnd(variable: String)
}
