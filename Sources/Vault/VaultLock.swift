internal import CLinux
public import Credentials
internal import Files
internal import Glibc
internal import Sealing

/// What one process at a time may work on.
public enum LockSubject: Sendable {
    /// The vault as a whole, and with it the rotation of every credential.
    case wholeVault
    /// The rotation of one credential.
    case rotation(CredentialID)
    /// The writing of one file, by its canonical path.
    case delivery(path: String)

    /// Bytes of the vault's file that it stands for, far behind all that is in it and all that SQLite locks.
    fileprivate var range: (start: Int64, count: Int64) {
        switch self {
        case .wholeVault: (Self.rotations, Self.span)
        case .rotation(let id): (Self.rotations + Self.offset(id.bytes), 1)
        case .delivery(let path): (Self.deliveries + Self.offset(Array(path.utf8)), 1)
        }
    }

    private static let span: Int64 = 1 << 48
    private static let rotations: Int64 = 1 << 60
    private static let deliveries: Int64 = 1 << 61

    private static func offset(_ name: [UInt8]) -> Int64 {
        KeyedHash.checksum(name, count: 16).prefix(6).reduce(0) { $0 << 8 | Int64($1) }
    }
}

/// Held by one process until it goes, or the process does, whatever way it dies.
public final class VaultLock: Sendable {
    private let file: LockFile
    private let range: (start: Int64, count: Int64)

    fileprivate init(_ file: LockFile, _ range: (start: Int64, count: Int64)) {
        self.file = file
        self.range = range
    }

    deinit {
        // Not by closing the file: that would take SQLite's own locks on it away.
        _ = linux_lock_range(file.descriptor, 0, 0, range.start, range.count)
    }
}

/// The vault's file, opened once more for locks: they belong to the file, so that no other state directory and no other
/// name of the file leads past them.
public final class LockFile: Sendable {
    fileprivate let descriptor: Int32
    private let number: UInt64
    private let path: String

    /// - Throws: `notAccessible`.
    public init(path: String) throws(VaultError) {
        descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw .notAccessible(path: path, errno: errno) }
        var status = stat()
        fstat(descriptor, &status)
        number = UInt64(status.st_ino)
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    /// - Parameter waits: wait for the holder instead of failing.
    /// - Throws: `held` with the process id of the holder, where it can be seen; `notAccessible`.
    public func lock(_ subject: LockSubject, waits: Bool = false) throws(VaultError) -> VaultLock {
        let range = subject.range
        var status: Int32 = -1
        repeat {
            status = linux_lock_range(descriptor, 1, waits ? 1 : 0, range.start, range.count)
        } while status != 0 && errno == EINTR
        guard status == 0 else {
            let cause = errno
            guard cause == EAGAIN || cause == EACCES else { throw .notAccessible(path: path, errno: cause) }
            throw .held(process: holder(range))
        }
        return VaultLock(self, range)
    }

    /// The kernel names no holder of such a lock, but shows it with the holder's open files (proc(5), fdinfo).
    private func holder(_ range: (start: Int64, count: Int64)) -> Int32? {
        for process in Directories.names(in: "/proc").compactMap({ Int32($0) }) where process != getpid() {
            let directory = "/proc/\(process)/fdinfo"
            for name in Directories.names(in: directory) {
                for line in Self.lines(of: directory + "/" + name) where holds(line, range) { return process }
            }
        }
        return nil
    }

    /// A line such as `lock: 1: OFDLCK ADVISORY WRITE -1 08:01:1234 0 EOF`.
    private func holds(_ line: Substring, _ range: (start: Int64, count: Int64)) -> Bool {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count == 9, words[2] == "OFDLCK", words[6].hasSuffix(":\(number)"), let first = Int64(words[7]),
            let last = Int64(words[8])
        else { return false }
        return first < range.start + range.count && last >= range.start
    }

    private static func lines(of path: String) -> [Substring] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        let content = (try? Descriptors.readAll(descriptor, atMost: 1 << 16)) ?? []
        return String(decoding: content, as: UTF8.self).split(separator: "\n")
    }
}
