public import Credentials
public import Sealing

/// One change of the vault: all of it is committed, or none.
public final class Transaction {
    /// The vault as this transaction sees it, its own changes included.
    public let snapshot: Snapshot
    /// The secrets that this transaction retires.
    private(set) var retired: [RetiredSecret] = []

    init(store: SealedStore) {
        snapshot = Snapshot(store: store)
    }

    /// Stores a new credential or the new state of a known one, and keeps addresses and deployments in step.
    /// - Throws: `addressTaken` when an address of it belongs to another credential.
    public func put(_ credential: Credential) throws(VaultError) {
        let old: [Address] = try isKnown(credential.id) ? snapshot.credential(credential.id).addresses : []
        for address in old where credential.binding(at: address) == nil { try unbind(address) }
        for address in credential.addresses where !old.contains(address) {
            guard try !snapshot.hasAddress(address) else { throw .addressTaken(address) }
            try write(AddressRecord(credential: credential.id), snapshot.names.address(address))
            var record = try deploymentRecord(address.deployment)
            record.addresses.append(address)
            record.addresses.sort()
            try put(record)
        }
        try write(credential, RowID(credential.id))
    }

    /// Stores the secret value of one field of a version, and remembers its fingerprint's holder.
    /// - Returns: the fingerprint, to be kept with the version.
    public func put(
        secret: SecretBytes, field: String, version: Int, of id: CredentialID
    ) throws(VaultError) -> Fingerprint {
        try snapshot.store.write(snapshot.names.secret(id, version, field), secret: secret)
        let fingerprint = snapshot.fingerprint(of: secret)
        var holders = try snapshot.holders(of: fingerprint)
        if !holders.contains(id) {
            holders.append(id)
            try write(FingerprintRecord(credentials: holders), snapshot.names.fingerprint(fingerprint))
        }
        return fingerprint
    }

    /// Erases the secret values of a version for good: no restored copy brings them back.
    public func retire(_ version: Version, in id: CredentialID) throws(VaultError) {
        // A value that another version of the credential goes on using is not dead.
        let living = try snapshot.credentialIfKnown(id)?.versions.filter {
            !$0.isRetired && $0.number != version.number
        }
        let used = Set((living ?? []).flatMap(\.fingerprints.values))
        retired += version.fingerprints.values.filter { !used.contains($0) }
            .map { RetiredSecret(fingerprint: $0, credential: id) }
        try eraseSecrets(of: version, in: id)
    }

    /// Erases the secrets that were retired in a newer copy, or in another line, of this vault.
    /// - Returns: the credentials whose current secret was erased.
    func retireAgain(_ dead: Set<RetiredSecret>, at time: Timestamp) throws(VaultError) -> [Credential] {
        func isDead(_ version: Version, of credential: Credential) -> Bool {
            !version.isRetired
                && version.fingerprints.values.contains {
                    dead.contains(RetiredSecret(fingerprint: $0, credential: credential.id))
                }
        }
        var changed: [Credential] = []
        try snapshot.forEachCredential { credential in
            if credential.versions.contains(where: { isDead($0, of: credential) }) { changed.append(credential) }
        }
        for index in changed.indices {
            for version in changed[index].versions where isDead(version, of: changed[index]) {
                try retire(version, in: changed[index].id)
                changed[index].update(version: version.number) {
                    $0.retiredAt = time
                    if $0.state != .current { $0.state = .retired }
                }
            }
            try put(changed[index])
        }
        return changed.filter { $0.current?.isRetired == true }
    }

    /// Adds a way to open the vault.
    /// - Throws: `slotNameTaken`, also when a slot of another name has the same public key; `tooManySlots`; `tooManyPassphrases`; `derivation`.
    public func addSlot(_ request: SlotRequest, name: SlotName, at time: Timestamp) throws(VaultError) {
        let store = snapshot.store
        guard !store.header.slots.contains(where: { $0.name == name }) else { throw .slotNameTaken(name) }
        guard store.header.slots.count < SlotTable.most else { throw .tooManySlots }
        let number = (store.header.slots.last?.number ?? 0) + 1
        let slot = try Slot.make(
            request, number: number, vaultKey: store.keys.vaultKey, anchor: store.lasting.anchor, vault: store.vault)
        // Two slots of one key: removing one would leave its holder in.
        if let same = try snapshot.slots().first(where: { $0.publicKey == slot.publicKey }) {
            throw .slotNameTaken(same.name)
        }
        let table = SlotTable(store.database)
        do throws(VaultError) {
            try SlotTable.requireBearable(try table.read() + [slot])
        } catch .derivation(.workOutOfRange) {
            throw .tooManyPassphrases
        }
        try table.put(slot)
        store.header.slots.append(Header.SlotLabel(number: number, name: name, addedAt: time))
    }

    /// Takes a way to open the vault away. Whoever used it has known the vault key: see `OpenVault.rekey`.
    /// - Throws: `noSlotNamed`, `lastSlot`.
    public func removeSlot(_ name: SlotName) throws(VaultError) {
        let store = snapshot.store
        guard let index = store.header.slots.firstIndex(where: { $0.name == name }) else {
            throw .noSlotNamed(name.description)
        }
        guard store.header.slots.count > 1 else { throw .lastSlot }
        try SlotTable(store.database).remove(store.header.slots[index].number)
        store.header.slots.remove(at: index)
    }

    /// Erases the secret values of a version; its fingerprints stay.
    private func eraseSecrets(of version: Version, in id: CredentialID) throws(VaultError) {
        for field in version.fingerprints.names {
            try snapshot.store.remove(.secret, snapshot.names.secret(id, version.number, field))
        }
    }

    /// Takes a version back as if it had never been staged: its values, its fingerprints and its number go.
    public func withdraw(_ version: Version, from credential: inout Credential) throws(VaultError) {
        try eraseSecrets(of: version, in: credential.id)
        credential.versions.removeAll { $0.number == version.number }
        let kept = Set(credential.versions.flatMap(\.fingerprints.values))
        for fingerprint in version.fingerprints.values where !kept.contains(fingerprint) {
            try forget(fingerprint, of: credential.id)
        }
        try put(credential)
    }

    private func forget(_ fingerprint: Fingerprint, of id: CredentialID) throws(VaultError) {
        let holders = try snapshot.holders(of: fingerprint).filter { $0 != id }
        let row = snapshot.names.fingerprint(fingerprint)
        if holders.isEmpty {
            try snapshot.store.remove(.fingerprint, row)
        } else {
            try write(FingerprintRecord(credentials: holders), row)
        }
    }

    /// Removes a credential and erases its secrets. Of those that were retired the fingerprints stay, in a credential
    /// without an address, so that they are known when somebody brings them again.
    public func remove(_ credential: Credential) throws(VaultError) {
        for address in credential.addresses { try unbind(address) }
        let living = Set(credential.versions.filter { !$0.isRetired }.flatMap(\.fingerprints.values))
        var remains = credential
        remains.versions.removeAll { !$0.isRetired }
        for index in remains.versions.indices {
            for (field, fingerprint) in remains.versions[index].fingerprints.all where living.contains(fingerprint) {
                remains.versions[index].fingerprints[field] = nil
            }
            remains.versions[index].plain = [:]
            remains.versions[index].identity = nil
        }
        remains.versions.removeAll(where: \.fingerprints.isEmpty)
        let kept = Set(remains.versions.flatMap(\.fingerprints.values))
        for version in credential.versions {
            try eraseSecrets(of: version, in: credential.id)
            for fingerprint in version.fingerprints.values where !kept.contains(fingerprint) {
                try forget(fingerprint, of: credential.id)
            }
        }
        try snapshot.store.remove(.rotation, snapshot.names.rotation(credential.id))
        guard !remains.versions.isEmpty else {
            try snapshot.store.remove(.credential, RowID(credential.id))
            return
        }
        remains.bindings = []
        remains.note = ""
        remains.lastCheck = nil
        try write(remains, RowID(credential.id))
    }

    /// Stores a deployment; an empty one is removed.
    public func put(_ record: DeploymentRecord) throws(VaultError) {
        let row = snapshot.names.deployment(record.deployment)
        if record.addresses.isEmpty && record.targets.isEmpty {
            try snapshot.store.remove(.deployment, row)
        } else {
            try write(record, row)
        }
    }

    /// Stores a rotation in place of its credential's last one.
    public func put(_ rotation: Rotation) throws(VaultError) {
        try write(rotation, snapshot.names.rotation(rotation.credential))
    }

    /// Stores a negative control in place of the last one for the same provider, environment and endpoint.
    public func put(_ control: NegativeControl) throws(VaultError) {
        try write(control, snapshot.names.control(control.provider, control.environment, control.endpoint))
    }

    /// Stores the wrong attempts of a host in place of those that were known.
    public func put(_ attempts: WrongAttempts) throws(VaultError) {
        try write(attempts, snapshot.names.attempt(attempts.host))
    }

    /// Stores these policies in place of all others, sorted by pattern.
    public func put(_ policies: [Policy]) throws(VaultError) {
        try write(PolicyList(policies: policies.sorted { $0.pattern < $1.pattern }), snapshot.names.policy)
    }

    /// Appends one line to the audit log.
    public func log(_ entry: LogEntry) throws(VaultError) {
        let store = snapshot.store
        let number = store.header.logCount + 1
        var entry = entry
        entry.slot = store.header.slots.first { $0.number == store.openedBy }?.name.description ?? ""
        let record = LogRecord(entry, generation: store.header.generation)
        let sealed = record.sealed(
            number: number, after: store.header.logHead, key: store.keys.log, vault: store.vault)
        try store.database.statement("INSERT INTO log(number, sealed) VALUES(?1, ?2)")
            .bind(1, number).bind(2, sealed).run()
        store.header.logCount = number
        store.header.logHead = KeyedHash.checksum(sealed)
        store.header.logMark = record.mark
    }

    /// The deployment's entry, or an empty one.
    public func deploymentRecord(_ deployment: Deployment) throws(VaultError) -> DeploymentRecord {
        try snapshot.deployment(deployment) ?? DeploymentRecord(deployment: deployment, addresses: [], targets: [])
    }

    private func unbind(_ address: Address) throws(VaultError) {
        try snapshot.store.remove(.address, snapshot.names.address(address))
        var record = try deploymentRecord(address.deployment)
        record.addresses.removeAll { $0 == address }
        try put(record)
    }

    private func isKnown(_ id: CredentialID) throws(VaultError) -> Bool {
        try snapshot.store.freshRow(.credential, RowID(id)) != nil
    }

    private func write(_ record: some Record, _ row: RowID) throws(VaultError) {
        try snapshot.store.write(type(of: record).table, row, content: record.plainForm)
    }
}
