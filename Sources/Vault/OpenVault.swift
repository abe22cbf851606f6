internal import Credentials
public import Sealing

/// An unlocked vault. It belongs to one task; a transaction is never held open across a call or a hook.
public final class OpenVault {
    let database: Database
    private let vault: [UInt8]
    private var keys: VaultKeys
    let lasting: LastingKeys
    let state: OutsideRecords
    private let acquaintance: Acquaintance
    private let recognition: Acquaintance.Recognition
    private var isRemembered = false
    private var lockFile: LockFile?

    /// - Throws: `damaged(.header)`, `damaged(.slotAnchor)`, `exchanged`, `recordRefused`.
    init(
        database: Database, front: VaultRow, unlocked: Unlocked, opener: Opener, as acquaintance: Acquaintance
    ) throws(VaultError) {
        self.database = database
        vault = front.vault
        keys = VaultKeys(vaultKey: unlocked.vaultKey)
        lasting = try LastingKeys(opening: front.lasting, with: keys, vault: vault)
        if let anchor = unlocked.anchor, anchor.value != lasting.anchor {
            throw .damaged(.slotAnchor(number: anchor.slot))
        }
        pin = VaultPin(id: vault, anchor: lasting.anchor)
        self.acquaintance = acquaintance
        state = OutsideRecords(directory: acquaintance.stateDirectory, vault: vault, key: lasting.outside)
        recognition = try acquaintance.recognise(pin, openedBy: opener)
    }

    /// Tells this vault from all others; not secret.
    public let pin: VaultPin

    /// Sixteen bytes that tell this vault from others, but for one that was made to look like it; not secret.
    public var id: [UInt8] { vault }

    /// The vault's key, for a session to keep.
    public var key: SecretBytes { keys.vaultKey }

    /// Lends a consistent view of the vault to `body`.
    /// - Throws: what `body` throws; `damaged(.header)`; `rekeyed`; `rolledBack` or `forked` when a copy lies at the path
    ///   that does not follow the one last seen; `recordRefused`.
    public func read<Result>(
        _ body: (Snapshot) throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        try read(body) { _ in true }
    }

    /// Looks at everything and goes on after damage, so that all of it is found in one run.
    /// - Throws: what keeps the file from being read at all.
    public func verify() throws(VaultError) -> VerifyReport {
        try read { snapshot throws(VaultError) in
            try snapshot.verify()
        } isWhole: {
            $0.findings.isEmpty
        }
    }

    private func read<Result>(
        _ body: (Snapshot) throws(VaultError) -> Result, isWhole: (Result) -> Bool
    ) throws(VaultError) -> Result {
        // Asked before the snapshot is taken: another process may raise it at any moment.
        let known = try lastSeen()
        var newer: Seen?
        var isRestored = false
        let result = try database.reading { () throws(VaultError) in
            let (header, sealed) = try header()
            let snapshot = Snapshot(store: store(header))
            isRestored = try requireSuccession(of: known.seen, snapshot, header: sealed)
            let result = try body(snapshot)
            // What is damaged is not remembered.
            if known.isTorn || isRestored || header.generation > known.seen?.generation ?? 0, isWhole(result) {
                newer = try snapshot.recollection(after: isRestored ? nil : known.seen, header: sealed)
            }
            return result
        }
        tell(of: known, newer)
        do throws(VaultError) {
            if let newer { try state.remember(newer, forced: isRestored) }
            if isRestored { state.forgetExpected() }
            try rememberPlace()
        } catch {
            // The read is as good as ever; only the next one is less well protected.
            guard case .notAccessible(let path, let cause) = error else { throw error }
            acquaintance.tell(.notRemembered(path: path, errno: cause))
        }
        return result
    }

    /// - Returns: true when it is what a restore put there that could not remember it any more.
    private func requireSuccession(
        of seen: Seen?, _ snapshot: Snapshot, header: [UInt8]
    ) throws(VaultError) -> Bool {
        guard let seen else { return false }
        do throws(VaultError) {
            try snapshot.requireSuccession(of: seen, header: header)
            return false
        } catch {
            guard case .forked = error,
                try state.expects(snapshot.generation, header: KeyedHash.checksum(header), after: seen)
            else { throw error }
            return true
        }
    }

    private func tell(of known: OutsideRecords.Recollection, _ newer: Seen?) {
        if known.isTorn, let seen = known.seen { acquaintance.tell(.recordTorn(generation: seen.generation)) }
        if known.seen == nil, !recognition.isNamed, let newer {
            acquaintance.tell(.firstSeen(pin, generation: newer.generation))
        }
    }

    /// Puts the vault on record by its place and its identity, once what was last seen of it is.
    private func rememberPlace() throws(VaultError) {
        guard !isRemembered else { return }
        isRemembered = true
        let records = KnownVaults(directory: acquaintance.stateDirectory)
        for key in recognition.unremembered { try records.remember(pin, at: key) }
    }

    func lastSeen() throws(VaultError) -> OutsideRecords.Recollection {
        guard acquaintance.asksRecords else { return OutsideRecords.Recollection(seen: nil, isTorn: false) }
        return try state.lastSeen(isKnown: recognition.isKnown)
    }

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

    /// Keeps other processes from working on the same, whatever they know the vault by.
    /// - Parameter waits: wait for the holder instead of failing.
    /// - Throws: `held`, `notAccessible`; `replaced` when another file lies at the path by now.
    public func lock(_ subject: LockSubject, waits: Bool = false) throws(VaultError) -> VaultLock {
        let file: LockFile
        if let lockFile { file = lockFile } else { file = try LockFile(path: database.canonicalPath) }
        lockFile = file
        let lock = try file.lock(subject, waits: waits)
        guard !database.hasMoved else { throw .replaced(path: database.path) }
        return lock
    }

    /// Finds out whether a write could be begun, and changes nothing.
    /// - Throws: `storage`, `diskFull`, `busy`, `rolledBack`, `damaged(.header)`.
    public func probeWrite() throws(VaultError) {
        do throws(VaultError) {
            try database.writing { () throws(VaultError) in
                let (header, sealed) = try header()
                _ = try requireSuccession(of: try lastSeen().seen, Snapshot(store: store(header)), header: sealed)
                try database.run("UPDATE vault SET id = id")
                throw .cancelled
            }
        } catch {
            guard error == .cancelled else { throw error }
        }
    }

    /// Looks at everything, however old the copy may be.
    func verifyAnyAge() throws(VaultError) -> VerifyReport {
        try readAnyAge { snapshot throws(VaultError) in try snapshot.verify() }
    }

    func readAnyAge<Result>(_ body: (Snapshot) throws(VaultError) -> Result) throws(VaultError) -> Result {
        try readAnyAge { snapshot, _ throws(VaultError) in try body(snapshot) }
    }

    /// As `readAnyAge`, with the header as it lies on disk.
    func readAnyAge<Result>(_ body: (Snapshot, [UInt8]) throws(VaultError) -> Result) throws(VaultError) -> Result {
        try database.reading { () throws(VaultError) in
            let (header, sealed) = try header()
            return try body(Snapshot(store: store(header)), sealed)
        }
    }

    /// Opens another copy of this vault with the same key.
    func copy(in file: VaultFile) throws(VaultError) -> OpenVault {
        try file.open(
            with: .vaultKey(keys.vaultKey),
            as: Acquaintance(stateDirectory: acquaintance.stateDirectory, location: .nowhere))
    }

    private func store(_ header: Header) -> SealedStore {
        SealedStore(database: database, keys: keys, lasting: lasting, vault: vault, header: header)
    }

    /// The header, and as it lies on disk.
    private func header() throws(VaultError) -> (header: Header, sealed: [UInt8]) {
        let front = try VaultRow(reading: database)
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
        return (header, front.header)
    }
}
