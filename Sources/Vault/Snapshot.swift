public import Credentials
public import Sealing

/// A consistent view of the vault for the length of one `read` or `write`.
public final class Snapshot {
    let store: SealedStore
    let names: RowNames

    init(store: SealedStore) {
        self.store = store
        names = RowNames(key: store.keys.rowIDs)
    }

    /// Grows by one with every write.
    public var generation: UInt64 { store.header.generation }

    /// - Throws: `damaged(.freshness)` when there is none: the id comes from the vault itself.
    public func credential(_ id: CredentialID) throws(VaultError) -> Credential {
        guard let credential = try credentialIfKnown(id) else {
            throw .damaged(.freshness(table: Table.credential.name))
        }
        return credential
    }

    /// Nil when there is none, which the freshness tree confirms.
    public func credentialIfKnown(_ id: CredentialID) throws(VaultError) -> Credential? {
        let credential: Credential? = try record(RowID(id))
        guard credential?.id ?? id == id else { throw .damaged(.freshness(table: Table.credential.name)) }
        return credential
    }

    /// - Throws: `noSuchAddress`.
    public func credential(at address: Address) throws(VaultError) -> Credential {
        guard let record: AddressRecord = try record(names.address(address)) else { throw .noSuchAddress(address) }
        let credential = try credential(record.credential)
        guard credential.binding(at: address) != nil else { throw .damaged(.freshness(table: Table.address.name)) }
        return credential
    }

    /// The complete address that is meant: the provider may be left out where only one fits.
    /// - Throws: `noSuchAddress`, `noSuchDeployment` or `ambiguous`.
    public func resolve(_ reference: AddressReference) throws(VaultError) -> Address {
        switch reference {
        case .complete(let address):
            guard try hasAddress(address) else { throw .noSuchAddress(address) }
            return address
        case .deployment(let deployment):
            let addresses = try self.deployment(deployment)?.addresses ?? []
            guard let only = addresses.first else { throw .noSuchDeployment(deployment) }
            guard addresses.count == 1 else { throw .ambiguous(deployment, candidates: addresses) }
            return only
        }
    }

    /// True when a credential is bound to the address.
    public func hasAddress(_ address: Address) throws(VaultError) -> Bool {
        let record: AddressRecord? = try record(names.address(address))
        return record != nil
    }

    /// Nil when no address is in it and it has no target.
    public func deployment(_ deployment: Deployment) throws(VaultError) -> DeploymentRecord? {
        try record(names.deployment(deployment))
    }

    /// The credential's last rotation, open or over; nil when there was none.
    public func rotation(of id: CredentialID) throws(VaultError) -> Rotation? {
        try record(names.rotation(id))
    }

    /// Sorted by pattern; empty when there is none.
    public func policies() throws(VaultError) -> [Policy] {
        let list: PolicyList? = try record(names.policy)
        return list?.policies ?? []
    }

    /// The negative control that was made there; nil when there was none yet.
    public func control(provider: String, environment: String, endpoint: String) throws(VaultError) -> NegativeControl?
    {
        try record(names.control(provider, environment, endpoint))
    }

    /// The wrong keys that a host has seen lately.
    public func attempts(at host: String) throws(VaultError) -> WrongAttempts {
        try record(names.attempt(host)) ?? WrongAttempts(host: host)
    }

    /// Hands every credential to `body`, in no particular order.
    public func forEachCredential(_ body: (Credential) throws(VaultError) -> Void) throws(VaultError) {
        try forEach(body)
    }

    /// Hands every deployment to `body`, in no particular order.
    public func forEachDeployment(_ body: (DeploymentRecord) throws(VaultError) -> Void) throws(VaultError) {
        try forEach(body)
    }

    /// Hands every rotation, open or over, to `body`, in no particular order.
    public func forEachRotation(_ body: (Rotation) throws(VaultError) -> Void) throws(VaultError) {
        try forEach(body)
    }

    /// The secret value of one field, straight into locked memory.
    /// - Throws: `damaged(.secret)` when it is missing, altered, or not the value that the version was given;
    ///   `retiredSecret` when it was erased.
    public func secret(_ field: String, of version: Version, in id: CredentialID) throws(VaultError) -> SecretBytes {
        guard !version.isRetired else { throw .retiredSecret(of: try credential(id).addresses.first) }
        let row = names.secret(id, version.number, field)
        guard let sealed = try store.freshRow(.secret, row) else { throw .damaged(.secret) }
        let secret = try store.openSecret(sealed)
        guard fingerprint(of: secret) == version.fingerprints[field] else { throw .damaged(.secret) }
        return secret
    }

    /// The fingerprint that `secret` has in this vault.
    public func fingerprint(of secret: SecretBytes) -> Fingerprint {
        Fingerprint(of: secret, key: store.lasting.fingerprints)
    }

    /// The credentials that hold, or ever held, a secret with this fingerprint.
    public func holders(of fingerprint: Fingerprint) throws(VaultError) -> [CredentialID] {
        let record: FingerprintRecord? = try record(names.fingerprint(fingerprint))
        return record?.credentials ?? []
    }

    /// The ways to open this vault, in the order in which they were added.
    public func slots() throws(VaultError) -> [SlotDescription] {
        zip(store.header.slots, try SlotTable(store.database).read()).map { label, slot in
            SlotDescription(name: label.name, kind: slot.lock.kind, publicKey: slot.publicKey, addedAt: label.addedAt)
        }
    }

    /// Hands the whole audit log to `body`, oldest first, and checks its chain.
    public func forEachLogEntry(_ body: (LogEntry) throws(VaultError) -> Void) throws(VaultError) {
        try forEachLogRecord { _, record throws(VaultError) in try body(record.entry) }
    }

    /// As `forEachLogEntry`, from one entry on, and with what only the vault itself looks at.
    func forEachLogRecord(
        from first: Int64 = 1, _ body: (Int64, LogRecord) throws(VaultError) -> Void
    ) throws(VaultError) {
        var head = first == 1 ? [UInt8](repeating: 0, count: KeyedHash.checksumCount) : nil
        var mark = first == 1 ? [UInt8](repeating: 0, count: LogRecord.markCount) : nil
        var expected = first
        let statement = try store.database.statement(
            "SELECT number, sealed FROM log WHERE number >= ?1 ORDER BY number")
        // An entry with a number below 1 belongs to no log.
        statement.bind(1, first == 1 ? .min : first)
        while try statement.step() {
            guard (try? statement.number(0)) == expected, let sealed = try? statement.bytes(1) else {
                throw .damaged(.log(entry: expected))
            }
            let record = try LogRecord(
                opening: sealed, number: expected, after: head, key: store.keys.log, vault: store.vault)
            try body(expected, record)
            head = KeyedHash.checksum(sealed)
            mark = record.mark
            expected += 1
        }
        let header = store.header
        guard expected - 1 == header.logCount, head == nil || (head == header.logHead && mark == header.logMark) else {
            throw .damaged(.log(entry: expected))
        }
    }

    // MARK: Rows

    private func record<Noun: Record>(_ id: RowID) throws(VaultError) -> Noun? {
        guard let content = try store.read(Noun.table, id) else { return nil }
        do {
            return try Noun(plainForm: content)
        } catch {
            throw .damaged(.record(table: Noun.table.name))
        }
    }

    private func forEach<Noun: Record & Sendable>(_ body: (Noun) throws(VaultError) -> Void) throws(VaultError) {
        try store.forEach(Noun.table) { opener, row, sealed throws(VaultError) -> Noun in
            try opener.open(row, sealed)
        } _: { _, noun throws(VaultError) in
            try body(try noun.get())
        }
    }
}
