internal import Credentials
internal import Glibc
internal import Sealing

/// What is kept of a vault outside of it: the last generation that was seen here, so that an older copy is noticed,
/// and the fingerprints of retired secrets, so that a restored copy does not bring them back. Whoever controls both
/// places can still put both back.
struct OutsideRecords {
    private let seenPath: String
    private let retiredPath: String
    private let key: SecretBytes
    private let vault: [UInt8]

    /// - Parameter key: the subkey that no re-keying changes.
    init(directory: String, vault: [UInt8], key: SecretBytes) {
        let base = directory + "/" + Hexadecimal.text(vault)
        seenPath = base + ".seen"
        retiredPath = base + ".retired"
        self.vault = vault
        self.key = key
    }

    // MARK: The last generation seen

    private static let seenCount = 8 + 32

    /// The generation on record; nil when there is none yet.
    func lastSeen() throws(VaultError) -> UInt64? {
        let descriptor = open(seenPath, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw .notAccessible(path: seenPath, errno: errno) }
            return nil
        }
        defer { close(descriptor) }
        return try generation(in: descriptor)
    }

    /// Raises the record to `generation`; never lowers it.
    func raise(to generation: UInt64) throws(VaultError) {
        let descriptor = open(seenPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .lastSeenNotWritten(path: seenPath, errno: errno) }
        defer { close(descriptor) }
        // Writers of several processes take turns, so that the larger number stays.
        guard flock(descriptor, LOCK_EX) == 0 else { throw .lastSeenNotWritten(path: seenPath, errno: errno) }
        if let seen = try self.generation(in: descriptor), seen >= generation { return }
        let record = seenRecord(generation)
        guard pwrite(descriptor, record, record.count, 0) == record.count else {
            throw .lastSeenNotWritten(path: seenPath, errno: errno)
        }
    }

    private func generation(in descriptor: Int32) throws(VaultError) -> UInt64? {
        var record = [UInt8](repeating: 0, count: Self.seenCount)
        let count = pread(descriptor, &record, record.count, 0)
        if count == 0 { return nil }
        let generation = record.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard count == record.count, SecretBytes(record) == SecretBytes(seenRecord(generation)) else {
            throw .outsideRecordForged(path: seenPath)
        }
        return generation
    }

    private func seenRecord(_ generation: UInt64) -> [UInt8] {
        let number = withUnsafeBytes(of: generation.littleEndian) { Array($0) }
        return number + KeyedHash.hash(Array("rekeep last seen".utf8) + vault + number, key: key)
    }

    // MARK: Retired secrets

    private static let retiredCount = Fingerprint.count + CredentialID.count + 32

    /// What is on record, in the order of retirement.
    func retired() throws(VaultError) -> [RetiredSecret] {
        let descriptor = open(retiredPath, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw .notAccessible(path: retiredPath, errno: errno) }
            return []
        }
        defer { close(descriptor) }
        return try retired(in: descriptor)
    }

    /// Adds what is not there yet, durably.
    func retire(_ secrets: [RetiredSecret]) throws(VaultError) {
        guard !secrets.isEmpty else { return }
        let descriptor = open(retiredPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .notAccessible(path: retiredPath, errno: errno) }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX) == 0 else { throw .notAccessible(path: retiredPath, errno: errno) }
        var known = try retired(in: descriptor)
        let end = off_t(known.count * Self.retiredCount)
        var records: [UInt8] = []
        for secret in secrets where !known.contains(secret) {
            records += record(secret)
            known.append(secret)
        }
        // A record that a crash cut short is written over.
        guard pwrite(descriptor, records, records.count, end) == records.count, fsync(descriptor) == 0 else {
            throw .notAccessible(path: retiredPath, errno: errno)
        }
    }

    private func retired(in descriptor: Int32) throws(VaultError) -> [RetiredSecret] {
        var secrets: [RetiredSecret] = []
        var bytes = [UInt8](repeating: 0, count: Self.retiredCount)
        var position: off_t = 0
        while pread(descriptor, &bytes, bytes.count, position) == bytes.count {
            guard let fingerprint = Fingerprint(bytes: Array(bytes[0..<16])),
                let credential = CredentialID(bytes: Array(bytes[16..<32]))
            else { throw .outsideRecordForged(path: retiredPath) }
            let secret = RetiredSecret(fingerprint: fingerprint, credential: credential)
            guard SecretBytes(bytes) == SecretBytes(record(secret)) else {
                throw .outsideRecordForged(path: retiredPath)
            }
            secrets.append(secret)
            position += off_t(bytes.count)
        }
        return secrets
    }

    private func record(_ secret: RetiredSecret) -> [UInt8] {
        let content = secret.fingerprint.bytes + secret.credential.bytes
        return content + KeyedHash.hash(Array("rekeep retired".utf8) + vault + content, key: key)
    }
}

/// A secret that one credential will never use again. What another credential does with the same value is its own
/// affair: a key that was pasted in a wrong place and found dead there may live where it belongs.
struct RetiredSecret: Hashable {
    let fingerprint: Fingerprint
    let credential: CredentialID
}
