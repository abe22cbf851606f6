/// Writes deployments to their targets, runs their hooks, and looks whether they hold what they should.
public struct Deliverer {
    let store: VaultStore
}
