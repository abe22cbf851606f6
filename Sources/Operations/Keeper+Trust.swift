public import Credentials
public import Vault

extension Keeper {
    /// The vault's id with the mark that only it can show; not secret.
    public var vaultPin: VaultPin { vault.pin }

    /// Makes a vault the one that this machine knows at its place.
    /// - Returns: the credentials whose current key was retired in another line of the vault, and is erased here too.
    /// - Throws: `vault`; `heldByAnother` while a rotation is under way.
    public static func trust(_ stranger: Stranger) throws(OperationError) -> [Credential] {
        let lock = try wholeVaultLock { () throws(VaultError) in try stranger.lock(.wholeVault) }
        defer { withExtendedLifetime(lock) {} }
        let time = Clock.system.now
        do {
            return try stranger.trust(
                at: time, entry: entry("trust", "", "generation \(stranger.generation)", at: time))
        } catch {
            throw .vault(error)
        }
    }
}
