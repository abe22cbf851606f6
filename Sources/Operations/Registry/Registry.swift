/// What is stored: credentials, the addresses they are bound to, and the rules for their ages.
public struct Registry {
    let store: VaultStore
    let prober: Prober
}
