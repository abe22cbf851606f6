internal import Glibc

/// A lock that the kernel drops when its holder dies, whatever way it dies.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// - Parameters:
    ///   - waits: wait for the holder instead of failing.
    ///   - isShared: any number may hold it so, while nobody holds it alone.
    /// - Throws: `heldByAnother` with the process id of a holder, `lockUnavailable`.
    init(path: String, what: String, waits: Bool, isShared: Bool = false) throws(OperationError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .lockUnavailable(path: path, errno: errno) }
        var status: Int32 = -1
        let operation = (isShared ? LOCK_SH : LOCK_EX) | (waits ? 0 : LOCK_NB)
        repeat { status = flock(descriptor, operation) } while status != 0 && errno == EINTR
        guard status == 0 else {
            let cause = errno
            let holder = Self.holder(descriptor)
            close(descriptor)
            throw cause == EWOULDBLOCK
                ? .heldByAnother(what: what, process: holder) : .lockUnavailable(path: path, errno: cause)
        }
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &text, text.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: text.prefix(count).prefix { $0 != 10 }, as: UTF8.self))
    }
}
