internal import Credentials
internal import Sealing

/// An unlocked vault. It belongs to one task; a transaction is never held open across a call or a hook.
public final class OpenVault {
    let database: Database
    private let vault: [UInt8]
    private var keys: VaultKeys
    let lasting: LastingKeys
    let state: OutsideRecords

    /// - Throws: `damaged(.header)`, `damaged(.slotAnchor)`.
    init(database: Database, front: Front, unlocked: Unlocked, stateDirectory: String) throws(VaultError) {
        self.database = database
        vault = front.vault
        keys = VaultKeys(vaultKey: unlocked.vaultKey)
        lasting = try LastingKeys(opening: front.lasting, with: keys, vault: vault)
        if let anchor = unlocked.anchor, anchor.value != lasting.anchor {
            throw .damaged(.slotAnchor(number: anchor.slot))
        }
        state = OutsideRecords(directory: stateDirectory, vault: vault, key: lasting.outside)
    }

    /// Sixteen bytes that tell this vault from others; not secret.
    public var id: [UInt8] { vault }

    /// Lends a consistent view of the vault to `body`.
    /// - Throws: what `body` throws; `damaged(.header)`; `rekeyed`; `rolledBack` when an older copy lies at the path.
    public func read<Result>(
        _ body: (Snapshot) throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        // Asked before the snapshot is taken: another process may raise it at any moment.
        let seen = try state.lastSeen()
        var generation: UInt64 = 0
        let result = try database.reading { () throws(VaultError) in
            let header = try header(notBefore: seen)
            generation = header.generation
            return try body(Snapshot(store: store(header)))
        }
        if seen == nil || generation > seen ?? 0 { try state.raise(to: generation) }
        return result
    }

    /// Lends a transaction to `body` and commits it durably when `body` returns.
    /// - Throws: what `body` throws, after which nothing has changed; `busy`; `diskFull`; `rekeyed`.
    public func write<Result>(
        _ body: (Transaction) throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        let (result, generation) = try commit(after: nil, body)
        try state.raise(to: generation)
        return result
    }

    /// As `write`, and then seals everything anew under a new vault key, in the same transaction. Each slot that
    /// `body` leaves is made to hold the new key. The whole vault is verified before.
    /// - Throws: as `write`; the first damage that was found.
    public func rekey<Result>(
        _ body: (Transaction) throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        let (result, generation) = try commitRekeyed(after: nil, body)
        try state.raise(to: generation)
        return result
    }

    /// As `write`, without telling the world outside the vault.
    /// - Parameter floor: the generation to go on from, for a copy that takes the place of a newer vault; nil to go on
    ///   from the vault's own, which must not be older than the one last seen.
    func commit<Result>(
        after floor: UInt64?, _ body: (Transaction) throws(VaultError) -> Result
    ) throws(VaultError) -> (Result, generation: UInt64) {
        try seal(after: floor) { transaction throws(VaultError) in (try body(transaction), transaction.snapshot.store) }
    }

    /// As `rekey`, without telling the world outside the vault.
    func commitRekeyed<Result>(
        after floor: UInt64?, _ body: (Transaction) throws(VaultError) -> Result
    ) throws(VaultError) -> (Result, generation: UInt64) {
        let newKeys = VaultKeys.random()
        let result = try seal(after: floor) { transaction throws(VaultError) in
            if let damage = try transaction.snapshot.verify().findings.first { throw .damaged(damage) }
            let result = try body(transaction)
            let old = transaction.snapshot.store
            try old.flush()
            return (result, try Rekeying(from: old, to: newKeys).run())
        }
        keys = newKeys
        return result
    }

    func hasSameKey(as other: OpenVault) -> Bool { keys.vaultKey == other.keys.vaultKey }

    /// Runs `body` as the only writer, then seals the header of the store that it returns.
    private func seal<Result>(
        after floor: UInt64?, _ body: (Transaction) throws(VaultError) -> (Result, SealedStore)
    ) throws(VaultError) -> (Result, generation: UInt64) {
        var written: Front?
        do throws(VaultError) {
            return try write(after: floor, body) { written = $0 }
        } catch {
            guard let written, error.isOfStorage else { throw error }
            // The last step of a commit can fail after the change has taken hold.
            throw try isStored(written) ? .storedNotSynced : error
        }
    }

    private func isStored(_ front: Front) throws(VaultError) -> Bool {
        do throws(VaultError) {
            let fresh = try Database(path: database.path)
            return try fresh.reading { () throws(VaultError) in try Front(reading: fresh) }.header == front.header
        } catch {
            throw .storedUnknown
        }
    }

    private func write<Result>(
        after floor: UInt64?, _ body: (Transaction) throws(VaultError) -> (Result, SealedStore),
        _ written: (Front) -> Void
    ) throws(VaultError) -> (Result, generation: UInt64) {
        try database.writing { () throws(VaultError) in
            // Asked while nobody else can write: whoever waited for a vault that was exchanged meanwhile learns it.
            var header = try header(notBefore: floor == nil ? state.lastSeen() : nil)
            header.generation = max(header.generation, floor ?? 0) + 1
            let transaction = Transaction(store: store(header))
            let (result, store) = try body(transaction)
            try store.flush()
            let front = Front(
                vault: vault, lasting: lasting.sealed(with: store.keys, vault: vault),
                header: store.header.sealed(
                    with: store.keys.header, vault: vault, slots: try SlotTable(database).summary().checksum)
            )
            try front.write(to: database)
            written(front)
            // Before it is committed: a retired secret that is not remembered could come back.
            try state.retire(transaction.retired)
            return (result, header.generation)
        }
    }

    /// Finds out whether a write could be begun, and changes nothing.
    /// - Throws: `storage`, `diskFull`, `busy`, `rolledBack`, `damaged(.header)`.
    public func probeWrite() throws(VaultError) {
        do throws(VaultError) {
            try database.writing { () throws(VaultError) in
                _ = try header(notBefore: state.lastSeen())
                try database.run("UPDATE vault SET id = id")
                throw .givenUp
            }
        } catch {
            guard error == .givenUp else { throw error }
        }
    }

    /// Looks at everything, however old the copy may be.
    func verifyAnyAge() throws(VaultError) -> VerifyReport {
        try readAnyAge { snapshot throws(VaultError) in try snapshot.verify() }
    }

    func readAnyAge<Result>(_ body: (Snapshot) throws(VaultError) -> Result) throws(VaultError) -> Result {
        try database.reading { () throws(VaultError) in try body(Snapshot(store: store(header(notBefore: nil)))) }
    }

    /// Opens another copy of this vault with the same key.
    func copy(in file: VaultFile, stateDirectory: String) throws(VaultError) -> OpenVault {
        try file.open(with: .vaultKey(keys.vaultKey), stateDirectory: stateDirectory)
    }

    private func store(_ header: Header) -> SealedStore {
        SealedStore(database: database, keys: keys, lasting: lasting, vault: vault, header: header)
    }

    private func header(notBefore seen: UInt64?) throws(VaultError) -> Header {
        let front = try Front(reading: database)
        guard front.vault == vault, front.format == Int64(Schema.format) else { throw .damaged(.header) }
        let slots = try SlotTable(database).summary()
        let header: Header
        do throws(VaultError) {
            header = try Header(opening: front.header, with: keys.header, vault: vault, slots: slots.checksum)
        } catch {
            let commitment = try SlotTable(database).read().first?.commitment
            throw commitment == Commitment(to: keys.vaultKey, context: vault) ? error : .rekeyed
        }
        guard header.slots.map(\.number) == slots.numbers else { throw .damaged(.header) }
        if let seen, header.generation < seen { throw .rolledBack(found: header.generation, lastSeen: seen) }
        return header
    }
}
