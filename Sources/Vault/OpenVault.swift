internal import Credentials
internal import Sealing

/// An unlocked vault. It belongs to one task; a transaction is never held open across a call or a hook.
public final class OpenVault {
    private let database: Database
    private let vault: [UInt8]
    private let keys: VaultKeys
    private let lastSeen: LastSeen

    init(database: Database, vault: [UInt8], keys: VaultKeys, stateDirectory: String) throws(VaultError) {
        self.database = database
        self.vault = vault
        self.keys = keys
        lastSeen = LastSeen(directory: stateDirectory, vault: vault, key: keys.lastSeen)
    }

    /// Sixteen bytes that tell this vault from others; not secret.
    public var id: [UInt8] { vault }

    /// Lends a consistent view of the vault to `body`.
    /// - Throws: what `body` throws; `damaged(.header)`; `rolledBack` when an older copy lies at the path.
    public func read<Result>(
        _ body: (Snapshot) throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        // Asked before the snapshot is taken: another process may raise it at any moment.
        let seen = try lastSeen.read()
        var generation: UInt64 = 0
        let result = try database.reading { () throws(VaultError) in
            let header = try currentHeader(seen)
            generation = header.generation
            return try body(Snapshot(store: SealedStore(database: database, keys: keys, vault: vault, header: header)))
        }
        if seen == nil || generation > seen ?? 0 { try lastSeen.raise(to: generation) }
        return result
    }

    /// Lends a transaction to `body` and commits it durably when `body` returns.
    /// - Throws: what `body` throws, after which nothing has changed; `busy`; `diskFull`.
    public func write<Result>(
        _ body: (Transaction) throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        let seen = try lastSeen.read()
        var generation: UInt64 = 0
        let result = try database.writing { () throws(VaultError) in
            var header = try currentHeader(seen)
            header.generation += 1
            generation = header.generation
            let transaction = Transaction(
                store: SealedStore(database: database, keys: keys, vault: vault, header: header))
            let result = try body(transaction)
            try transaction.snapshot.store.flush()
            try replace(transaction.snapshot.store.header)
            return result
        }
        try lastSeen.raise(to: generation)
        return result
    }

    private func currentHeader(_ seen: UInt64?) throws(VaultError) -> Header {
        let front = try Front(reading: database)
        guard front.vault == vault, front.format == Int64(Schema.format) else { throw .damaged(.header) }
        let header = try Header(
            opening: front.header, with: keys.header, vault: vault, slots: VaultFile.slotsChecksum(database))
        if let seen, header.generation < seen { throw .rolledBack(found: header.generation, lastSeen: seen) }
        return header
    }

    private func replace(_ header: Header) throws(VaultError) {
        let sealed = header.sealed(with: keys.header, vault: vault, slots: try VaultFile.slotsChecksum(database))
        try database.statement("UPDATE vault SET header = ?1, checksum = ?2 WHERE id = 1")
            .bind(1, sealed).bind(2, VaultFile.frontChecksum(vault, Int64(Schema.format), sealed)).run()
    }
}
