internal import Credentials
internal import Files
internal import Glibc
internal import Sealing

/// Reads a target's file and replaces it in one step: readers see the old content or the new, never a part.
struct AtomicFile {
    static let largest = 1 << 20
    let path: String
    private let name: String
    private let directory: Int32

    /// Opens the directory, so that what follows happens in the place that was looked at.
    init(path: String) throws(DeliveryError) {
        let parts = path.split(separator: "/")
        // One spelling for one file: two targets must not be the same by accident.
        guard path == "/" + parts.joined(separator: "/"), !parts.contains("."), !parts.contains(".."),
            let last = parts.last
        else { throw .notAbsolute(path: path) }
        self.path = path
        name = String(last)
        do {
            directory = try Directories.open(Paths.directory(of: path))
        } catch {
            throw .file(path: path, .open, errno: error.code)
        }
    }

    func close() { Glibc.close(directory) }

    /// A file as it was found.
    struct Found {
        let content: SecretBytes
        fileprivate let status: stat
        var mode: UInt32 { status.st_mode & 0o7777 }
    }

    /// The file's content; nil when there is none.
    func read() throws(DeliveryError) -> Found? {
        let descriptor = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT: return nil
            case ELOOP: throw .symbolicLink(path: path)
            case let cause: throw .file(path: path, .open, errno: cause)
            }
        }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .file(path: path, .read, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        guard status.st_size <= Self.largest else { throw .tooLarge(path: path, limit: Self.largest) }
        let content = try SecretBytes(count: Int(status.st_size)) { buffer throws(DeliveryError) in
            var filled = 0
            while filled < buffer.count {
                let count: Int
                do throws(SystemError) {
                    count = try Descriptors.readSome(
                        descriptor, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
                } catch {
                    throw .file(path: path, .read, errno: error.code)
                }
                guard count > 0 else { throw .changedMeanwhile(path: path) }
                filled += count
            }
        }
        return Found(content: content, status: status)
    }

    /// Puts `content` in place of `found`. Owner and mode are set while the new file is still empty.
    /// - Throws: `changedMeanwhile` when the file is no longer the one that was found.
    func replace(
        _ found: Found?, with content: SecretBytes, mode: UInt32, owner: uid_t?, group: gid_t?
    ) throws(DeliveryError) {
        Drafts.removeLeftovers(of: name, in: directory)
        try withDraft(mode: mode, owner: owner ?? found?.status.st_uid, group: group ?? found?.status.st_gid) {
            draft, descriptor throws(DeliveryError) in
            try fill(descriptor, content)
            try confirmUnchanged(found)
            guard renameat(directory, draft, directory, name) == 0 else {
                throw .file(path: path, .rename, errno: errno)
            }
        }
        guard fsync(directory) == 0 else { throw .file(path: path, .sync, errno: errno) }
    }

    /// Finds out whether `replace` could be done, with an empty draft that goes again; the file is not touched.
    func probe(_ found: Found?, mode: UInt32, owner: uid_t?, group: gid_t?) throws(DeliveryError) {
        try withDraft(mode: mode, owner: owner ?? found?.status.st_uid, group: group ?? found?.status.st_gid) {
            draft, _ throws(DeliveryError) in
            unlinkat(directory, draft, 0)
        }
    }

    /// Makes an empty draft beside the file and gives it mode and owner before it has any content. When
    /// `body` throws, the draft goes.
    private func withDraft(
        mode: UInt32, owner: uid_t?, group: gid_t?, _ body: (String, Int32) throws(DeliveryError) -> Void
    ) throws(DeliveryError) {
        let draft = Drafts.name(for: name)
        let descriptor = openat(directory, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: path, .create, errno: errno) }
        defer { Glibc.close(descriptor) }
        do throws(DeliveryError) {
            guard Drafts.claim(descriptor) else { throw .changedMeanwhile(path: path) }
            guard fchown(descriptor, owner ?? uid_t.max, group ?? gid_t.max) == 0 else {
                throw .file(path: path, .own, errno: errno)
            }
            guard fchmod(descriptor, mode) == 0 else { throw .file(path: path, .mode, errno: errno) }
            try body(draft, descriptor)
        } catch {
            unlinkat(directory, draft, 0)
            throw error
        }
    }

    private func fill(_ descriptor: Int32, _ content: SecretBytes) throws(DeliveryError) {
        do {
            try content.withBytes { bytes throws(SystemError) in try Descriptors.writeAll(descriptor, bytes) }
        } catch {
            throw .file(path: path, .write, errno: error.code)
        }
        guard fsync(descriptor) == 0 else { throw .file(path: path, .sync, errno: errno) }
    }

    private func confirmUnchanged(_ found: Found?) throws(DeliveryError) {
        var now = stat()
        let exists = fstatat(directory, name, &now, AT_SYMLINK_NOFOLLOW) == 0
        guard let found else {
            if exists { throw .changedMeanwhile(path: path) }
            return
        }
        guard exists, now.st_ino == found.status.st_ino, now.st_dev == found.status.st_dev,
            now.st_size == found.status.st_size, now.st_mtim.tv_sec == found.status.st_mtim.tv_sec,
            now.st_mtim.tv_nsec == found.status.st_mtim.tv_nsec
        else { throw .changedMeanwhile(path: path) }
    }
}
