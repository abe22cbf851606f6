internal import Credentials
internal import Vault

extension Keeper {
    /// Held for as long as a process works on the rotation of one credential: nobody else does, and nobody takes the
    /// vault away under it, because a key may be on its way that is nowhere else.
    func rotationLock(_ id: CredentialID) throws(OperationError) -> VaultLock {
        do {
            return try vault.lock(.rotation(id))
        } catch .held(let process) {
            throw .heldByAnother(what: "a rotation of this credential", process: process)
        } catch {
            throw .vault(error)
        }
    }

    /// Held by what gives the vault another key or another content: no rotation is under way meanwhile.
    static func wholeVaultLock(
        _ lock: () throws(VaultError) -> VaultLock?
    ) throws(OperationError) -> VaultLock? {
        do {
            return try lock()
        } catch .held(let process) {
            throw .heldByAnother(what: "a rotation", process: process)
        } catch {
            throw .vault(error)
        }
    }
}
