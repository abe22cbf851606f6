internal import Credentials
public import Sealing

/// An unlocked vault. It belongs to one task; a transaction is never held open across a call or a hook.
public final class OpenVault {
    let database: Database
    let vault: [UInt8]
    var keys: VaultKeys
    let lasting: LastingKeys
    let state: OutsideRecords
    /// The number of the slot that opened it; nil where nobody knows.
    public let openedBy: Int?
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
        openedBy = unlocked.slot
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

    /// Seals what is left beside a target's file while that is written in place; it stays when the vault is re-keyed.
    public var journalKey: SecretBytes { lasting.journals }

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
    func requireSuccession(
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
    func rememberPlace() throws(VaultError) {
        guard !isRemembered else { return }
        isRemembered = true
        let records = KnownVaults(directory: acquaintance.stateDirectory)
        for key in recognition.unremembered { try records.remember(pin, at: key) }
    }

    func lastSeen() throws(VaultError) -> OutsideRecords.Recollection {
        guard acquaintance.asksRecords else { return OutsideRecords.Recollection(seen: nil, isTorn: false) }
        return try state.lastSeen(isKnown: recognition.isKnown)
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
            with: .vaultKey(keys.vaultKey, slot: openedBy),
            as: Acquaintance(stateDirectory: acquaintance.stateDirectory, location: .nowhere))
    }

    func store(_ header: Header) -> SealedStore {
        SealedStore(
            database: database, keys: keys, lasting: lasting, vault: vault, header: header, openedBy: openedBy)
    }

    /// The header, and as it lies on disk.
    func header() throws(VaultError) -> (header: Header, sealed: [UInt8]) {
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
