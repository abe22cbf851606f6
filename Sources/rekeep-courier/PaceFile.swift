internal import Glibc
internal import Sealing
internal import Synchronization

/// The file by which couriers keep one pace. Scopes are stored by a salted hash, so that no key is in it. It is opened
/// before the process is confined, and locked only while it is changed.
///
/// Layout: a head of 4096 bytes (8 bytes mark, 36 bytes the kernel's boot id, 32 bytes salt), then records of 2048 bytes
/// (16 bytes hash, i64 not before, 128 times i64 when a permit is free), little-endian. A scope's record is one of eight
/// behind the position that its hash gives.
final class PaceFile: Sendable {
    private static let mark = Array("rekeepP1".utf8)
    private static let headCount = 4096
    private static let recordCount = 2048
    private static let buckets = 1024
    private static let probes = 8
    private let descriptor: Int32
    private let salt: SecretBytes
    /// The lock on the file keeps other processes away, not other threads of this one.
    private let own = Mutex(())

    /// Nil where the file cannot be used, or could be somebody else's.
    init?(path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o022 == 0, status.st_nlink == 1, flock(descriptor, LOCK_EX) == 0,
            let salt = Self.salt(in: descriptor)
        else {
            close(descriptor)
            return nil
        }
        flock(descriptor, LOCK_UN)
        self.descriptor = descriptor
        self.salt = SecretBytes(salt)
    }

    deinit {
        close(descriptor)
    }

    /// That of the file, if it is of this boot; else a new one, for an empty file.
    private static func salt(in descriptor: Int32) -> [UInt8]? {
        let boot = bootID()
        var head = [UInt8](repeating: 0, count: headCount)
        let known = pread(descriptor, &head, headCount, 0)
        if known == headCount, head.starts(with: mark + boot) { return Array(head[44..<76]) }
        let salt = Randomness.bytes(32)
        let fresh = mark + boot + salt
        guard ftruncate(descriptor, 0) == 0,
            pwrite(descriptor, fresh + [UInt8](repeating: 0, count: headCount - fresh.count), headCount, 0) == headCount
        else { return nil }
        return salt
    }

    private static func bootID() -> [UInt8] {
        var text = [UInt8](repeating: 0, count: 36)
        let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return text }
        defer { close(descriptor) }
        _ = read(descriptor, &text, text.count)
        return text
    }

    /// - Returns: nil when the file cannot be read or written any more.
    func change<Result>(_ scope: String, _ body: (inout PaceRecord) -> Result) -> Result? {
        own.withLock { _ in
            // The compiler cannot see that the result takes nothing of the lock with it.
            nonisolated(unsafe) let passed = changeAlone(scope, body)
            return passed
        }
    }

    private func changeAlone<Result>(_ scope: String, _ body: (inout PaceRecord) -> Result) -> Result? {
        guard flock(descriptor, LOCK_EX) == 0 else { return nil }
        defer { flock(descriptor, LOCK_UN) }
        let hash = KeyedHash.hash(Array(scope.utf8), key: salt, count: 16)
        let first = Int(hash[0]) << 8 | Int(hash[1])
        let start = Self.headCount + (first % Self.buckets) * Self.recordCount
        var bytes = [UInt8](repeating: 0, count: Self.probes * Self.recordCount)
        guard pread(descriptor, &bytes, bytes.count, off_t(start)) >= 0 else { return nil }
        let position = Self.position(of: hash, in: bytes)
        let offset = position.index * Self.recordCount
        var record = position.isKnown ? PaceRecord(bytes[offset...]) : PaceRecord()
        let result = body(&record)
        let content = hash + record.bytes
        guard pwrite(descriptor, content, content.count, off_t(start + offset)) == content.count else { return nil }
        return result
    }

    /// The record of a scope, or the one that has been of no use for longest.
    private static func position(of hash: [UInt8], in bytes: [UInt8]) -> (index: Int, isKnown: Bool) {
        var oldest = (index: 0, latest: Int64.max)
        for index in 0..<probes {
            let offset = index * recordCount
            if bytes[offset..<offset + 16].elementsEqual(hash) { return (index, true) }
            let record = PaceRecord(bytes[offset...])
            let latest = max(record.notBefore, record.free.max() ?? 0)
            if latest < oldest.latest { oldest = (index, latest) }
        }
        return (oldest.index, false)
    }
}

extension PaceRecord {
    /// What stands behind the hash.
    fileprivate init(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { bytes in
            func number(_ position: Int) -> Int64 {
                Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16 + 8 * position, as: Int64.self))
            }
            notBefore = number(0)
            for position in 0..<Self.permits { free[position] = number(position + 1) }
        }
    }

    fileprivate var bytes: [UInt8] {
        ([notBefore] + free).flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    }
}
