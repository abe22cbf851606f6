internal import Credentials
internal import Sealing

/// How a change becomes durable, and how this machine learns of it.
extension OpenVault {
    /// Lends a transaction to `body` and commits it durably when `body` returns.
    /// - Throws: what `body` throws, after which nothing has changed; `busy`; `diskFull`; `rekeyed`.
    /// - Parameter unseen: for whoever goes on when only this machine's own record could not be written: told of that,
    ///   where it would be thrown.
    public func write<Result>(
        unseen: ((VaultError) -> Void)? = nil, _ body: (Transaction) throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        let (result, seen) = try commit(after: nil, body)
        do throws(VaultError) {
            try remember(seen)
        } catch {
            guard let unseen, error.leavesChange else { throw error }
            unseen(error)
        }
        return result
    }

    /// - Throws: `lastSeenNotWritten`; the change is stored.
    func remember(_ seen: Seen, forced: Bool = false) throws(VaultError) {
        do throws(VaultError) {
            try state.remember(seen, forced: forced)
            try rememberPlace()
        } catch {
            guard case .notAccessible(let path, let cause) = error else { throw error }
            throw .lastSeenNotWritten(path: path, errno: cause)
        }
    }

    /// As `write`, and then seals everything anew under a new vault key, in the same transaction. Each slot that
    /// `body` leaves is made to hold the new key. The whole vault is verified before.
    /// - Throws: as `write`; the first damage that was found.
    public func rekey<Result>(
        _ body: (Transaction) throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        let (result, seen) = try commitRekeyed(after: nil, body)
        try remember(seen)
        return result
    }

    /// As `write`, without telling the world outside the vault.
    /// - Parameters:
    ///   - floor: the generation to go on from, for a copy that takes the place of a newer vault; nil to go on from the
    ///     vault's own, which must follow the one last seen.
    ///   - admit: gets the header as it lies on disk, before anything is changed.
    func commit<Result>(
        after floor: UInt64?, admit: ([UInt8]) throws(VaultError) -> Void = { _ in },
        _ body: (Transaction) throws(VaultError) -> Result
    ) throws(VaultError) -> (Result, Seen) {
        try seal(after: floor, admit: admit) { transaction throws(VaultError) in
            (try body(transaction), transaction.snapshot.store)
        }
    }

    /// As `rekey`, without telling the world outside the vault.
    func commitRekeyed<Result>(
        after floor: UInt64?, _ body: (Transaction) throws(VaultError) -> Result
    ) throws(VaultError) -> (Result, Seen) {
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
        after floor: UInt64?, admit: ([UInt8]) throws(VaultError) -> Void = { _ in },
        _ body: (Transaction) throws(VaultError) -> (Result, SealedStore)
    ) throws(VaultError) -> (Result, Seen) {
        var written: VaultRow?
        do throws(VaultError) {
            let result = try write(after: floor, admit, body) { written = $0 }
            guard !database.hasMoved else { throw VaultError.replaced(path: database.path) }
            return result
        } catch {
            guard let written, error.isOfStorage else { throw error }
            // The last step of a commit can fail after the change has taken hold.
            throw try isStored(written) ? .storedNotSynced : error
        }
    }

    private func isStored(_ front: VaultRow) throws(VaultError) -> Bool {
        do throws(VaultError) {
            let fresh = try Database(path: database.path)
            return try fresh.reading { () throws(VaultError) in try VaultRow(reading: fresh) }.header == front.header
        } catch {
            throw .storedUnknown
        }
    }

    private func write<Result>(
        after floor: UInt64?, _ admit: ([UInt8]) throws(VaultError) -> Void,
        _ body: (Transaction) throws(VaultError) -> (Result, SealedStore),
        _ written: (VaultRow) -> Void
    ) throws(VaultError) -> (Result, Seen) {
        try database.writing { () throws(VaultError) in
            var (header, sealed) = try header()
            // Asked while nobody else can write: whoever waited for a vault that was exchanged meanwhile learns it.
            let seen = floor == nil ? try lastSeen().seen : nil
            _ = try requireSuccession(of: seen, Snapshot(store: store(header)), header: sealed)
            try admit(sealed)
            header.generation = max(header.generation, floor ?? 0) + 1
            let transaction = Transaction(store: store(header))
            let (result, store) = try body(transaction)
            try store.flush()
            let front = VaultRow(
                vault: vault, lasting: lasting.sealed(with: store.keys, vault: vault),
                header: store.header.sealed(
                    with: store.keys.header, vault: vault, slots: try SlotTable(database).summary().checksum)
            )
            try front.write(to: database)
            written(front)
            // Before it is committed: a retired secret that is not remembered could come back.
            try state.retire(transaction.retired)
            return (result, try Snapshot(store: store).recollection(after: seen, header: front.header))
        }
    }
}
