internal import Credentials
internal import CLinux
internal import Files
internal import Glibc
internal import Sealing

/// Reads a target's file and replaces it in one step: readers see the old content or the new, never a part.
struct TargetFile {
    static let largest = 1 << 20
    let path: String
    let name: String
    /// Open as long as the file is looked at.
    let directory: Int32

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
        let attributes: FileAttributes
        let status: stat
    }

    /// The file's content; nil when there is none.
    func read() throws(DeliveryError) -> Found? {
        guard let (descriptor, status) = try open(O_RDONLY) else { return nil }
        defer { Glibc.close(descriptor) }
        return Found(
            content: try read(descriptor, status), attributes: try attributes(descriptor, status), status: status)
    }

    /// - Returns: nil when there is no file.
    func open(_ flags: Int32) throws(DeliveryError) -> (descriptor: Int32, status: stat)? {
        let descriptor = openat(directory, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT: return nil
            case ELOOP: throw .symbolicLink(path: path)
            case let cause: throw .file(path: path, .open, errno: cause)
            }
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(descriptor)
            throw .notAFile(path: path)
        }
        return (descriptor, status)
    }

    private func attributes(_ descriptor: Int32, _ status: stat) throws(DeliveryError) -> FileAttributes {
        do {
            return try FileAttributes(of: descriptor, status)
        } catch {
            throw .file(path: path, .read, errno: error.code)
        }
    }

    func read(_ descriptor: Int32, _ status: stat) throws(DeliveryError) -> SecretBytes {
        guard status.st_size <= Self.largest else { throw .tooLarge(path: path, limit: Self.largest) }
        return try SecretBytes(count: Int(status.st_size)) { buffer throws(DeliveryError) in
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
    }

    /// Refuses what cannot be replaced, or what its readers would not notice.
    /// - Parameter isInPlace: the content is written through the same file.
    func confirmReplaceable(_ found: Found, isInPlace: Bool) throws(DeliveryError) {
        let traits = linux_file_traits(directory, name)
        if traits > 0, traits & 6 != 0 { throw .immutable(path: path, canGrow: traits & 2 == 0) }
        guard !isInPlace else { return }
        if traits > 0, traits & 1 != 0 { throw .mountPoint(path: path) }
        if found.status.st_nlink > 1 { throw .hardLinks(path: path, count: Int(found.status.st_nlink)) }
        if let holder = holder(), !holder.isOld {
            throw .mountedElsewhere(path: path, process: holder.process, at: holder.path)
        }
    }

    /// Who has the file mounted by itself.
    func holder() -> Mounts.Holder? {
        (try? Paths.canonical(path)).flatMap { Mounts.holder(of: $0) }
    }

    /// Puts `content` in place of `found`. All attributes are set while the new file is still empty.
    /// - Throws: `changedMeanwhile` when the file is no longer the one that was found.
    func replace(
        _ found: Found?, with content: SecretBytes, _ declared: DeclaredAttributes
    ) throws(DeliveryError) {
        Drafts.removeLeftovers(of: name, in: directory)
        try withDraft(found, declared) { draft, descriptor throws(DeliveryError) in
            try fill(descriptor, content)
            try confirmUnchanged(found)
            guard renameat(directory, draft, directory, name) == 0 else {
                throw .file(path: path, .rename, errno: errno)
            }
        }
        guard fsync(directory) == 0 else { throw .file(path: path, .sync, errno: errno) }
    }

    /// Finds out whether `replace` could be done, with an empty draft that goes again; the file is not touched.
    func probe(_ found: Found?, _ declared: DeclaredAttributes) throws(DeliveryError) {
        try withDraft(found, declared) { draft, _ throws(DeliveryError) in unlinkat(directory, draft, 0) }
    }

    /// Makes an empty draft beside the file and gives it all attributes before it has any content. When
    /// `body` throws, the draft goes.
    private func withDraft(
        _ found: Found?, _ declared: DeclaredAttributes, _ body: (String, Int32) throws(DeliveryError) -> Void
    ) throws(DeliveryError) {
        let draft = Drafts.name(for: name)
        let descriptor = openat(directory, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: path, .create, errno: errno) }
        defer { Glibc.close(descriptor) }
        do throws(DeliveryError) {
            guard Drafts.claim(descriptor) else { throw .changedMeanwhile(path: path) }
            try give(declared, to: descriptor, as: found)
            try body(draft, descriptor)
        } catch {
            unlinkat(directory, draft, 0)
            throw error
        }
    }

    /// Sets what a target declares, and keeps what the file has else.
    func give(_ declared: DeclaredAttributes, to descriptor: Int32, as found: Found?) throws(DeliveryError) {
        guard let found else {
            guard fchown(descriptor, declared.owner ?? uid_t.max, declared.group ?? gid_t.max) == 0 else {
                throw .file(path: path, .own, errno: errno)
            }
            guard fchmod(descriptor, declared.mode ?? 0o600) == 0 else {
                throw .file(path: path, .mode, errno: errno)
            }
            return
        }
        do {
            try found.attributes.give(
                to: descriptor, owner: declared.owner, group: declared.group, mode: declared.mode)
        } catch {
            switch error {
            case .step(let step, let code): throw .file(path: path, step, errno: code)
            case .attribute(let name, let code): throw .attribute(path: path, name: name, errno: code)
            }
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
        guard exists, Self.isSame(now, found.status) else { throw .changedMeanwhile(path: path) }
    }

    /// The same file with the same content, as far as its status tells.
    static func isSame(_ one: stat, _ other: stat) -> Bool {
        one.st_ino == other.st_ino && one.st_dev == other.st_dev && one.st_size == other.st_size
            && one.st_mtim.tv_sec == other.st_mtim.tv_sec && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec
    }
}
