public import Credentials
public import Vault

/// What came of taking a slot away, or of re-keying.
public struct RekeyReport: Sendable {
    /// The slot that was taken away; nil when the vault was only re-keyed.
    public let removed: SlotDescription?
    /// False when a slot was taken away and the vault key was kept.
    public let isRekeyed: Bool
    /// The credentials with a value in the vault, sorted by address: whoever could open it could read them.
    public let exposed: [Credential]
}

extension Custodian {
    /// The ways to open the vault, in the order in which they were added.
    public func slots() throws(OperationError) -> [SlotDescription] {
        try store.read { snapshot throws(VaultError) in try snapshot.slots() }
    }

    /// - Parameter name: nil for the kind's own name, with a number where that is taken.
    /// - Throws: `vault(.slotNameTaken)`, `vault(.tooManySlots)`, `vault(.derivation)`.
    public func addSlot(_ request: SlotRequest, name: SlotName?) throws(OperationError) -> SlotDescription {
        try store.write { transaction throws(VaultError) in
            let taken = try transaction.snapshot.slots().map(\.name)
            let name = name ?? SlotName.free(for: request.kind, among: taken)
            try transaction.addSlot(request, name: name, at: store.now())
            try transaction.log(store.entry(.slotAdd, name.description, .object(request.kind.name)))
            guard let added = try transaction.snapshot.slots().last else { throw .damaged(.header) }
            return added
        }
    }

    /// Takes a slot away and re-keys the vault, so that the key that its holder has known opens nothing any more.
    /// - Parameter keepingKey: leave the vault key as it is; then the removed holder, who may have kept it, can go on
    ///   reading the vault wherever a copy of it is to be had.
    /// - Throws: `vault(.noSlotNamed)`, `vault(.lastSlot)`; re-keying verifies the vault first: `vault(.damaged)`.
    public func removeSlot(_ name: String, keepingKey: Bool) throws(OperationError) -> RekeyReport {
        func change(_ transaction: Transaction) throws(VaultError) -> RekeyReport {
            guard let slot = try transaction.snapshot.slots().first(where: { $0.name.description == name }) else {
                throw .noSlotNamed(name)
            }
            try transaction.removeSlot(slot.name)
            try transaction.log(store.entry(.slotRemove, name, keepingKey ? .keyKept : .rekeyed))
            return RekeyReport(removed: slot, isRekeyed: !keepingKey, exposed: try Self.exposed(transaction.snapshot))
        }
        return try VaultStore.withWholeVaultLock { () throws(VaultError) in
            keepingKey ? nil : try store.vault.lock(.wholeVault)
        } _: { () throws(VaultError) in
            keepingKey ? try store.vault.write(change) : try store.vault.rekey(change)
        }
    }

    /// Seals everything anew under a new vault key; every slot goes on opening the vault.
    /// - Throws: `heldByAnother` while a rotation is under way; as `removeSlot`.
    public func rekey() throws(OperationError) -> RekeyReport {
        try VaultStore.withWholeVaultLock { () throws(VaultError) in
            try store.vault.lock(.wholeVault)
        } _: { () throws(VaultError) in
            try store.vault.rekey { transaction throws(VaultError) in
                try transaction.log(store.entry(.rekey, "", .rekeyed))
                return RekeyReport(removed: nil, isRekeyed: true, exposed: try Self.exposed(transaction.snapshot))
            }
        }
    }

    private static func exposed(_ snapshot: Snapshot) throws(VaultError) -> [Credential] {
        var exposed: [(first: Address, credential: Credential)] = []
        try snapshot.forEachCredential { credential in
            let hasValue = credential.versions.contains { !$0.isRetired && !$0.fingerprints.isEmpty }
            if hasValue, let first = credential.addresses.first { exposed.append((first, credential)) }
        }
        return exposed.sorted { $0.first < $1.first }.map(\.credential)
    }
}
