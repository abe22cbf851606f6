internal import Credentials
internal import Vault

/// Held for as long as a process works on the rotation of one credential: nobody else does, and nobody takes the vault
/// away under it, because a key may be on its way that is nowhere else.
final class RotationLock: Sendable {
    private let vault: FileLock
    private let credential: FileLock

    fileprivate init(vault: FileLock, credential: FileLock) {
        self.vault = vault
        self.credential = credential
    }
}

extension Keeper {
    func rotationLock(_ id: CredentialID) throws(OperationError) -> RotationLock {
        let whole = Self.lockPath("vault", [], vault: vault.id, stateDirectory: stateDirectory)
        return RotationLock(
            vault: try FileLock(path: whole, what: "the whole vault", waits: false, isShared: true),
            credential: try FileLock(
                path: lockPath("rotate", id.bytes), what: "a rotation of this credential", waits: false))
    }

    /// Held by what gives the vault another key or another content: no rotation is under way meanwhile.
    static func wholeVaultLock(_ vault: [UInt8], stateDirectory: String) throws(OperationError) -> FileLock {
        let path = lockPath("vault", [], vault: vault, stateDirectory: stateDirectory)
        return try FileLock(path: path, what: "a rotation", waits: false)
    }
}
