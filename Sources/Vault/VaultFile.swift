public import Credentials
internal import Glibc
public import Sealing

/// A vault on disk, still locked: only what is readable without a key can be asked of it.
public final class VaultFile {
    private let database: Database
    private let front: Front
    private let slots: [Slot]

    /// Opens the file and reads its slots.
    /// - Throws: `missing`, `notAccessible`, `notAVault`, `newerFormat`, `damaged`, `derivation` (costs out of range).
    public init(path: String) throws(VaultError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw errno == ENOENT || errno == ENOTDIR
                ? .missing(path: path) : .notAccessible(path: path, errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAVault(path: path) }
        database = try Database(path: path)
        do throws(VaultError) {
            (front, slots) = try Self.read(database, path: path)
        } catch {
            if case .notAVault = error { throw .notAVault(path: path) }
            throw error
        }
    }

    /// Opens the vault with the first slot that fits.
    /// - Parameter stateDirectory: where the last generation seen is kept.
    /// - Throws: `noSuchSlot`, `noSlotFits`, `damaged`.
    public func open(with opener: Opener, stateDirectory: String) throws(VaultError) -> OpenVault {
        try OpenVault(
            database: database, front: front, unlocked: try unlocked(with: opener), stateDirectory: stateDirectory)
    }

    /// Sixteen bytes that tell this vault from others; readable without a key.
    public var id: [UInt8] { front.vault }

    /// The public keys of the keyring slots.
    public var keyringSlots: [[UInt8]] { slots.filter { $0.lock == .keyring }.map(\.publicKey) }

    /// The vault's key, for a session to keep.
    /// - Throws: `noSuchSlot`, `noSlotFits`, `damaged`.
    public func vaultKey(with opener: Opener) throws(VaultError) -> SecretBytes {
        try unlocked(with: opener).vaultKey
    }

    private func unlocked(with opener: Opener) throws(VaultError) -> Unlocked {
        let kind: SlotKind? =
            switch opener {
            case .passphrase: .passphrase
            case .identity: .identity
            case .recovery: .recovery
            case .keyring: .keyring
            case .vaultKey: nil
            }
        guard kind == nil || slots.contains(where: { $0.lock.kind == kind }) else { throw .noSuchSlot }
        for slot in slots {
            if let unlocked = try slot.open(with: opener, vault: front.vault) { return unlocked }
        }
        throw .noSlotFits
    }

    /// An id for a vault that is about to be made.
    public static func newID() -> [UInt8] { Randomness.bytes(16) }

    /// Makes a new vault with these slots. It appears at `path` complete or not at all.
    /// - Parameter id: 16 random bytes.
    /// - Throws: `alreadyExists`, `notAccessible`, `derivation`.
    public static func create(
        at path: String, id: [UInt8] = newID(), slots requests: [SlotRequest], now: Timestamp
    ) throws(VaultError) {
        guard access(path, F_OK) != 0 else { throw .alreadyExists(path: path) }
        let draft = try DraftFile(beside: path)
        try fill(draft.path, id, requests, now)
        try draft.publish(at: path)
    }

    private static func fill(_ path: String, _ vault: [UInt8], _ requests: [SlotRequest], _ now: Timestamp)
        throws(VaultError)
    {
        let database = try Database(path: path)
        let keys = VaultKeys.random()
        let lasting = LastingKeys.random()
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
        try database.writing { () throws(VaultError) in
            try Schema.create(in: database)
            let table = SlotTable(database)
            for slot in slots { try table.put(slot) }
            let sealed = header.sealed(with: keys.header, vault: vault, slots: try table.summary().checksum)
            try Front(vault: vault, lasting: lasting.sealed(with: keys, vault: vault), header: sealed).write(
                to: database)
        }
    }

    private static func read(_ database: Database, path: String) throws(VaultError) -> (Front, [Slot]) {
        try database.reading { () throws(VaultError) in
            let identifier = try database.statement("PRAGMA application_id")
            guard try identifier.step(), identifier.number(0) == Database.applicationID else {
                throw .notAVault(path: path)
            }
            identifier.reset()
            let front = try Front(reading: database)
            guard front.format <= Schema.format else {
                throw .newerFormat(found: Int(front.format), known: Schema.format)
            }
            return (front, try SlotTable(database).read())
        }
    }
}
