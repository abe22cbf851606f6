internal import Glibc
internal import Sealing

/// The last generation of a vault that was seen here, kept outside the vault, so that an older copy of
/// it is noticed. Whoever controls both places can still put both back.
struct LastSeen {
    let path: String
    private let key: SecretBytes
    private let vault: [UInt8]

    init(directory: String, vault: [UInt8], key: SecretBytes) {
        path = directory + "/" + vault.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + ".seen"
        self.vault = vault
        self.key = key
    }

    private static let recordCount = 8 + 32

    /// The generation on record; nil when there is none yet.
    func read() throws(VaultError) -> UInt64? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw .notAccessible(path: path, errno: errno) }
            return nil
        }
        defer { close(descriptor) }
        return try generation(in: descriptor)
    }

    /// Raises the record to `generation`; never lowers it.
    func raise(to generation: UInt64) throws(VaultError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .lastSeenNotWritten(path: path, errno: errno) }
        defer { close(descriptor) }
        // Writers of several processes take turns, so that the larger number stays.
        guard flock(descriptor, LOCK_EX) == 0 else { throw .lastSeenNotWritten(path: path, errno: errno) }
        if let seen = try self.generation(in: descriptor), seen >= generation { return }
        let record = encoded(generation)
        guard pwrite(descriptor, record, record.count, 0) == record.count else {
            throw .lastSeenNotWritten(path: path, errno: errno)
        }
    }

    private func generation(in descriptor: Int32) throws(VaultError) -> UInt64? {
        var record = [UInt8](repeating: 0, count: Self.recordCount)
        let count = pread(descriptor, &record, record.count, 0)
        if count == 0 { return nil }
        let generation = record.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard count == record.count, SecretBytes(record) == SecretBytes(encoded(generation)) else {
            throw .lastSeenDamaged(path: path)
        }
        return generation
    }

    private func encoded(_ generation: UInt64) -> [UInt8] {
        let number = withUnsafeBytes(of: generation.littleEndian) { Array($0) }
        return number + KeyedHash.hash(Array("rekeep last seen".utf8) + vault + number, key: key)
    }
}
