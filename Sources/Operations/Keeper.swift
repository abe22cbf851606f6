public import Providers
public import Vault

/// The one place where vault, providers and delivery meet. Each of its parts has one job.
public struct Keeper {
    var store: VaultStore
    private let courier: any Courier
    private var patience: Patience

    /// Without `patience` nobody waits for a provider that asks to slow down.
    public init(
        vault: OpenVault, courier: any Courier, clock: Clock = .system, patience: Patience = .none
    ) {
        store = VaultStore(vault: vault, clock: clock)
        self.courier = courier
        self.patience = patience
    }

    /// What is stored, and under which addresses.
    public var registry: Registry { Registry(store: store, prober: prober) }

    /// Asks the providers.
    public var prober: Prober { Prober(store: store, courier: courier, patience: patience) }

    /// Writes the targets, and looks whether they hold what they should.
    public var deliverer: Deliverer { Deliverer(store: store) }

    /// Brings a new key to every place that uses the old one.
    public var rotations: RotationMachine {
        RotationMachine(store: store, prober: prober, deliverer: deliverer)
    }

    /// Ages, limits and flags.
    public var overview: Overview { Overview(store: store) }

    /// The vault itself: slots, keys, copies, log.
    public var custodian: Custodian { Custodian(store: store) }

    /// The same, for whoever does not want to wait for a provider that asks to slow down.
    public func notWaiting() -> Keeper {
        var keeper = self
        keeper.patience = .none
        return keeper
    }

    /// The same, for work that must not stop half way because this machine's own record can't be written: `requireSeen`
    /// tells of that in the end.
    public func goingOnUnseen() -> Keeper {
        var keeper = self
        keeper.store.unseen = UnseenChange()
        return keeper
    }

    /// - Throws: `vault(.lastSeenNotWritten)` when that has happened.
    public func requireSeen() throws(OperationError) { try store.requireSeen() }
}
