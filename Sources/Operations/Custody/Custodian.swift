public import Vault

/// Keeps the vault itself: its slots and keys, copies of it, its log.
public struct Custodian {
    let store: VaultStore

    /// Sixteen bytes that tell the vault from others; not secret.
    public var vaultID: [UInt8] { store.vault.id }

    /// The vault's id with the mark that only it can show; not secret.
    public var vaultPin: VaultPin { store.vault.pin }
}
