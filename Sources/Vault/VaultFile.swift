public import Credentials
internal import Glibc
internal import Sealing

/// A vault on disk, still locked: only what is readable without a key can be asked of it.
public final class VaultFile {
    private let database: Database
    private let front: VaultRow
    private let slots: [Slot]

    /// Opens the file and reads its slots.
    /// - Throws: `missing`, `notAccessible`, `notAVault`, `newerFormat`, `damaged`, `derivation` (costs out of range).
    public init(path: String) throws(VaultError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw errno == ENOENT || errno == ENOTDIR
                ? .missing(path: path) : .notAccessible(path: path, errno: errno)
        }
        database = try Database(path: path)
        (front, slots) = try Self.read(database, path: path)
    }

    /// Where the vault lies, as this machine remembers it.
    public var location: Acquaintance.Location {
        .at(canonical: database.canonicalPath, asked: CanonicalPath.asked(database.path))
    }

    /// Opens the vault with the first slot that fits.
    /// - Throws: `noSuchSlot`, `noSlotFits`, `damaged`, `derivation`; `exchanged` and `recordRefused` where it is not the
    ///   vault that is known.
    public func open(with opener: Opener, as acquaintance: Acquaintance) throws(VaultError) -> OpenVault {
        let known = KnownVaults(directory: acquaintance.stateDirectory)
        var hint: [UInt8]?
        if case .passphrase = opener, case .at(_, let asked) = acquaintance.location {
            hint = known.derivation(at: asked)
        }
        let (unlocked, slot) = try unlocked(with: opener, first: hint)
        let vault = try OpenVault(
            database: database, front: front, unlocked: unlocked, opener: opener, as: acquaintance)
        if case .passphrase = opener, case .at(_, let asked) = acquaintance.location, let used = slot.derivation,
            used != hint
        {
            known.rememberDerivation(used, at: asked)
        }
        return vault
    }

    /// Opens the vault as the one that this machine knows by its place.
    public func open(with opener: Opener, stateDirectory: String) throws(VaultError) -> OpenVault {
        try open(with: opener, as: Acquaintance(stateDirectory: stateDirectory, location: location))
    }

    /// Sixteen bytes that tell this vault from others; readable without a key.
    public var id: [UInt8] { front.vault }

    /// The public keys of the keyring slots.
    public var keyringSlots: [[UInt8]] { slots.filter { $0.lock == .keyring }.map(\.publicKey) }

    /// Makes sure that something opens a slot.
    /// - Throws: `noSuchSlot`, `noSlotFits`, `damaged`.
    public func require(_ opener: Opener) throws(VaultError) { _ = try unlocked(with: opener, first: nil) }

    private func inOrder(first: [UInt8]?) -> [Slot] {
        let sorted = slots.sorted(by: Slot.isCheaper)
        guard let first else { return sorted }
        return sorted.filter { $0.derivation == first } + sorted.filter { $0.derivation != first }
    }

    /// - Parameter first: the derivation of the slot to try first, whatever it costs.
    private func unlocked(
        with opener: Opener, first: [UInt8]?
    ) throws(VaultError) -> (unlocked: Unlocked, slot: Slot) {
        let kind: SlotKind? =
            switch opener {
            case .passphrase: .passphrase
            case .identity: .identity
            case .recovery: .recovery
            case .keyring: .keyring
            case .vaultKey: nil
            }
        guard kind == nil || slots.contains(where: { $0.lock.kind == kind }) else { throw .noSuchSlot }
        var derivations = Derivations()
        for slot in kind == .passphrase ? inOrder(first: first) : slots {
            if let unlocked = try slot.open(with: opener, vault: front.vault, &derivations) { return (unlocked, slot) }
        }
        throw .noSlotFits
    }

    /// Makes a new vault with these slots. It appears at `path` complete or not at all.
    /// - Parameter stateDirectory: where this machine remembers it; nil not to remember it.
    /// - Returns: that it could not be remembered, if so.
    /// - Throws: `alreadyExists`, `companion`, `notAccessible`, `derivation`.
    @discardableResult
    public static func create(
        at path: String, _ new: NewVault = NewVault(), slots requests: [SlotRequest], now: Timestamp,
        stateDirectory: String? = nil
    ) throws(VaultError) -> VaultNotice? {
        try Companions.requireFreePlace(path)
        let draft = try DraftFile(beside: path)
        let seen = try fill(draft.path, new, requests, now)
        try draft.publish(at: path)
        guard let stateDirectory else { return nil }
        do throws(VaultError) {
            try remember(new, at: path, requests, seen, stateDirectory)
            return nil
        } catch {
            // The vault is there: whatever went wrong must not look as if it were not.
            guard case .notAccessible(let path, let cause) = error else {
                return .notRemembered(path: stateDirectory, errno: EPERM)
            }
            return .notRemembered(path: path, errno: cause)
        }
    }

    private static func remember(
        _ new: NewVault, at path: String, _ requests: [SlotRequest], _ seen: Seen, _ stateDirectory: String
    ) throws(VaultError) {
        let outside = OutsideRecords(directory: stateDirectory, vault: new.id, key: new.lasting.outside)
        try outside.remember(seen, forced: true)
        let known = KnownVaults(directory: stateDirectory)
        for path in Set([try CanonicalPath.of(path), CanonicalPath.asked(path)]) {
            try known.remember(new.pin, at: .path(path))
        }
        for case .identity(let publicKey) in requests {
            try known.remember(new.pin, at: .identity(publicKey: publicKey))
        }
    }

    private static func fill(
        _ path: String, _ new: NewVault, _ requests: [SlotRequest], _ now: Timestamp
    ) throws(VaultError) -> Seen {
        let database = try Database(path: path, isEmpty: true)
        let keys = VaultKeys.random()
        let (vault, lasting) = (new.id, new.lasting)
        var slots: [Slot] = []
        var labels: [Header.SlotLabel] = []
        for (index, request) in requests.enumerated() {
            slots.append(
                try Slot.make(
                    request, number: index + 1, vaultKey: keys.vaultKey, anchor: lasting.anchor, vault: vault))
            let name = SlotName.free(for: request.kind, among: labels.map(\.name))
            labels.append(Header.SlotLabel(number: index + 1, name: name, addedAt: now))
        }
        let header = Header(generation: 1, createdAt: now, slots: labels)
        return try database.writing { () throws(VaultError) in
            try Schema.create(in: database)
            let table = SlotTable(database)
            for slot in slots { try table.put(slot) }
            let sealed = header.sealed(with: keys.header, vault: vault, slots: try table.summary().checksum)
            try VaultRow(vault: vault, lasting: lasting.sealed(with: keys, vault: vault), header: sealed).write(
                to: database)
            return Seen(generation: header.generation, header: KeyedHash.checksum(sealed), entries: [])
        }
    }

    private static func read(_ database: Database, path: String) throws(VaultError) -> (VaultRow, [Slot]) {
        try database.reading { () throws(VaultError) in
            guard try Schema.hasApplicationID(database) else { throw .notAVault(path: path) }
            let front = try VaultRow(reading: database)
            guard front.format <= Schema.format else {
                throw .newerFormat(found: Int(front.format), known: Schema.format)
            }
            return (front, try SlotTable(database).read())
        }
    }
}
