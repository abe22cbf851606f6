internal import Providers

/// Asks the providers about keys, never more often than they allow, and keeps what they say.
public struct Prober {
    let store: VaultStore
    let courier: any Courier
    let patience: Patience
}
