public import Credentials
public import Vault

extension Custodian {
    /// Makes a vault the one that this machine knows at its place.
    /// - Returns: the credentials whose current key was retired in another line of the vault, and is erased here too.
    /// - Throws: `vault`; `heldByAnother` while a rotation is under way.
    public static func trust(_ stranger: Stranger) throws(OperationError) -> [Credential] {
        let time = Clock.system.now
        return try VaultStore.withWholeVaultLock { () throws(VaultError) in
            try stranger.lock(.wholeVault)
        } _: { () throws(VaultError) in
            try stranger.trust(
                at: time, entry: VaultStore.entry(.trust, "", .generation(stranger.generation), at: time))
        }
    }
}
