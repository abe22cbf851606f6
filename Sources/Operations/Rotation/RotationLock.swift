internal import Credentials
internal import Vault

extension Keeper {
    /// Held for as long as a process works on the rotation of one credential.
    func rotationLock(_ id: CredentialID) throws(OperationError) -> FileLock {
        try FileLock(path: lockPath("rotate", id.bytes), what: "a rotation of this credential", waits: false)
    }
}
