public import Credentials
internal import Glibc
public import Sealing

/// A vault on disk, still locked: only what is readable without a key can be asked of it.
public final class VaultFile {
    private let path: String
    private let database: Database
    private let vault: [UInt8]
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
        self.path = path
        database = try Database(path: path)
        (vault, slots) = try Self.readFront(database, path: path)
    }

    /// Opens the vault with the first slot that fits.
    /// - Parameter stateDirectory: where the last generation seen is kept.
    /// - Throws: `noSuchSlot`, `noSlotFits`, `damaged`, `rolledBack`.
    public func open(with opener: Opener, stateDirectory: String) throws(VaultError) -> OpenVault {
        try OpenVault(
            database: database, vault: vault, keys: VaultKeys(vaultKey: try vaultKey(with: opener)),
            stateDirectory: stateDirectory)
    }

    /// Sixteen bytes that tell this vault from others; readable without a key.
    public var id: [UInt8] { vault }

    /// The vault's key, for a session to keep.
    /// - Throws: `noSuchSlot`, `noSlotFits`, `damaged`.
    public func vaultKey(with opener: Opener) throws(VaultError) -> SecretBytes {
        let kind: Slot.Kind? =
            switch opener {
            case .passphrase: .passphrase
            case .identity: .identity
            case .recovery: .recovery
            case .vaultKey: nil
            }
        guard kind == nil || slots.contains(where: { $0.content.kind == kind }) else { throw .noSuchSlot }
        for slot in slots {
            if let key = try slot.open(with: opener, vault: vault) { return key }
        }
        throw .noSlotFits
    }

    /// Makes a new vault with these slots. It appears at `path` complete or not at all.
    /// - Throws: `alreadyExists`, `notAccessible`, `derivation`.
    public static func create(
        at path: String, slots requests: [SlotRequest], now: Timestamp
    ) throws(VaultError) {
        guard access(path, F_OK) != 0 else { throw .alreadyExists(path: path) }
        let draft = path + ".new-" + Randomness.bytes(4).map { String($0, radix: 16) }.joined()
        let descriptor = Glibc.open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .notAccessible(path: draft, errno: errno) }
        close(descriptor)
        defer { unlink(draft) }
        try fill(draft, requests, now)
        guard link(draft, path) == 0 else {
            throw errno == EEXIST ? .alreadyExists(path: path) : .notAccessible(path: path, errno: errno)
        }
        syncDirectory(of: path)
    }

    private static func fill(_ path: String, _ requests: [SlotRequest], _ now: Timestamp) throws(VaultError) {
        let database = try Database(path: path)
        let vault = Randomness.bytes(16)
        let vaultKey = SecretBytes.random(count: AEAD.keyCount)
        let keys = VaultKeys(vaultKey: vaultKey)
        var slots: [Slot] = []
        for (index, request) in requests.enumerated() {
            slots.append(try Slot.make(request, number: index + 1, vaultKey: vaultKey, vault: vault))
        }
        let header = Header(generation: 1, createdAt: now)
        try database.writing { () throws(VaultError) in
            try Schema.create(in: database)
            for slot in slots {
                try database.statement("INSERT INTO slot(number, kind, content, checksum) VALUES(?1, ?2, ?3, ?4)")
                    .bind(1, Int64(slot.number)).bind(2, Int64(slot.content.kind.rawValue))
                    .bind(3, slot.plainForm).bind(4, slot.checksum).run()
            }
            let sealed = header.sealed(with: keys.header, vault: vault, slots: try slotsChecksum(database))
            try database.statement(
                "INSERT INTO vault(id, vault_id, format, header, checksum) VALUES(1, ?1, ?2, ?3, ?4)"
            )
            .bind(1, vault).bind(2, Int64(Schema.format)).bind(3, sealed)
            .bind(4, frontChecksum(vault, Int64(Schema.format), sealed)).run()
        }
    }

    private static func readFront(_ database: Database, path: String) throws(VaultError) -> ([UInt8], [Slot]) {
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
            return (front.vault, try slots(in: database))
        }
    }

    private static func slots(in database: Database) throws(VaultError) -> [Slot] {
        var slots: [Slot] = []
        let statement = try database.statement("SELECT number, kind, content, checksum FROM slot ORDER BY number")
        while try statement.step() {
            slots.append(
                try Slot(
                    number: Int(statement.number(0)), kind: statement.number(1), plainForm: statement.bytes(2),
                    checksum: statement.bytes(3)))
            guard slots.count <= 64 else { throw .damaged(.header) }
        }
        return slots
    }

    /// The checksum over all slot rows, which the header's seal binds.
    static func slotsChecksum(_ database: Database) throws(VaultError) -> [UInt8] {
        var writer = RecordWriter()
        let statement = try database.statement("SELECT number, kind, content, checksum FROM slot ORDER BY number")
        while try statement.step() {
            writer.put(number: statement.number(0))
            writer.put(number: statement.number(1))
            writer.put(statement.bytes(2))
            writer.put(statement.bytes(3))
        }
        return KeyedHash.checksum(writer.bytes)
    }

    /// Shows accidental damage to the front without any key.
    static func frontChecksum(_ vault: [UInt8], _ format: Int64, _ header: [UInt8]) -> [UInt8] {
        var writer = RecordWriter()
        writer.put(vault)
        writer.put(number: format)
        writer.put(header)
        return KeyedHash.checksum(writer.bytes)
    }

    private static func syncDirectory(of path: String) {
        let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let descriptor = Glibc.open(
            directory.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// The row that stands in front of everything: the vault's id, its format and its sealed header.
struct Front {
    let vault: [UInt8]
    let format: Int64
    let header: [UInt8]

    init(reading database: Database) throws(VaultError) {
        let statement = try database.statement("SELECT vault_id, format, header, checksum FROM vault WHERE id = 1")
        guard try statement.step() else { throw .damaged(.header) }
        vault = statement.bytes(0)
        format = statement.number(1)
        header = statement.bytes(2)
        let checksum = statement.bytes(3)
        statement.reset()
        guard vault.count == 16, VaultFile.frontChecksum(vault, format, header) == checksum else {
            throw .damaged(.header)
        }
    }
}
