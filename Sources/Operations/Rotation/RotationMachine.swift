/// Replaces keys: planned, staged, proved, promoted, delivered, and the old one retired. Each state is journalled before
/// the next begins, so that whoever finds it can go on from there.
public struct RotationMachine {
    let store: VaultStore
    let prober: Prober
    let deliverer: Deliverer
}
