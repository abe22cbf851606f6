internal import Glibc

/// A file of the state directory. It is believed only if nobody but its owner, who is we or root, can have written it.
struct StateFile {
    let path: String
    let descriptor: Int32

    enum Purpose {
        case reading
        /// Made when it is not there, for its owner alone.
        case changing

        var flags: Int32 { self == .reading ? O_RDONLY : O_RDWR | O_CREAT }
    }

    /// Opens a file, hands it to `body`, and closes it.
    /// - Returns: nil when it is to be read and not there.
    /// - Throws: `recordRefused` for a file that could be somebody else's, `notAccessible`; what `body` throws.
    static func with<Result>(
        _ path: String, for purpose: Purpose, _ body: (StateFile) throws(VaultError) -> Result
    ) throws(VaultError) -> Result? {
        // A FIFO must not make us wait.
        let descriptor = open(path, purpose.flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT where purpose == .reading, ENOTDIR where purpose == .reading: return nil
            case ELOOP: throw .recordRefused(path: path, .foreign(.link))
            case EISDIR, ENXIO: throw .recordRefused(path: path, .foreign(.notRegular))
            case let cause: throw .notAccessible(path: path, errno: cause)
            }
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .notAccessible(path: path, errno: errno) }
        if let fault = FileFault(of: status) { throw .recordRefused(path: path, .foreign(fault)) }
        return try body(StateFile(path: path, descriptor: descriptor))
    }

    /// All bytes from a place on, or the first `most`.
    func bytes(atMost most: Int, from start: Int = 0) throws(VaultError) -> [UInt8] {
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            let found = pread(descriptor, buffer.baseAddress, most, off_t(start))
            if found < 0 { failure = errno }
            count = max(found, 0)
        }
        if let failure { throw .notAccessible(path: path, errno: failure) }
        return bytes
    }

    /// - Throws: `notAccessible` when not all of it could be written.
    func write(_ bytes: [UInt8], at offset: Int) throws(VaultError) {
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
            throw .notAccessible(path: path, errno: errno == 0 ? ENOSPC : errno)
        }
    }

    /// Waits until no other process changes the file.
    func lock(shared: Bool = false) throws(VaultError) {
        guard flock(descriptor, shared ? LOCK_SH : LOCK_EX) == 0 else {
            throw .notAccessible(path: path, errno: errno)
        }
    }

    /// By the system's clock; 0 where that was set back.
    func secondsSinceChange() throws(VaultError) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .notAccessible(path: path, errno: errno) }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return max(0, Int64(now.tv_sec - status.st_mtim.tv_sec))
    }

    func sync() throws(VaultError) {
        guard fsync(descriptor) == 0 else { throw .notAccessible(path: path, errno: errno) }
    }
}
