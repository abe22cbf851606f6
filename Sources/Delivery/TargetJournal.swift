internal import CLinux
internal import Files
internal import Glibc
public import Sealing

/// What seals the journals of writes in place, so that nobody else can have one finished.
public struct TargetJournal: Sendable {
    /// 32 bytes that only a holder of the vault knows.
    private let key: SecretBytes

    /// - Parameter key: 32 bytes that only a holder of the vault knows.
    public init(key: SecretBytes) { self.key = key }

    /// A write in place as it was begun.
    struct Entry {
        let device: UInt64
        let inode: UInt64
        let before: SecretBytes
        let after: SecretBytes
    }

    private static func context(_ path: String) -> [UInt8] { Array("rekeep target journal 1 \(path)".utf8) }

    /// `device (8) ‖ inode (8) ‖ length of the old content (8) ‖ old content ‖ new content`, sealed with XChaCha20-Poly1305.
    func seal(_ entry: Entry, path: String) -> [UInt8] {
        var writer = SecretWriter(capacity: entry.before.count + entry.after.count + 24)
        for number in [entry.device, entry.inode, UInt64(entry.before.count)] {
            withUnsafeBytes(of: number.littleEndian) { writer.append($0) }
        }
        entry.before.withBytes { writer.append($0) }
        entry.after.withBytes { writer.append($0) }
        return AEAD.seal(writer.finish(), with: key, binding: Self.context(path))
    }

    /// - Returns: nil when it was not sealed with this key for this path.
    func open(_ sealed: [UInt8], path: String) -> Entry? {
        guard let plain = try? AEAD.openSecret(sealed, with: key, binding: Self.context(path)), plain.count >= 24 else {
            return nil
        }
        let numbers = plain.withBytes { bytes in
            [0, 8, 16].map { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)) }
        }
        guard numbers[2] <= plain.count - 24 else { return nil }
        let middle = 24 + Int(numbers[2])
        return Entry(
            device: numbers[0], inode: numbers[1], before: plain[24..<middle], after: plain[middle..<plain.count])
    }
}

/// Writing through the file that is there. Readers may see a mixture of old and new meanwhile.
extension TargetFile {
    private var journalName: String { ".\(name).rekeep-journal" }
    private var journalPath: String { Paths.join(Paths.directory(of: path), journalName) }

    /// Puts `content` into the file itself: its other names and its mounts keep it.
    /// - Throws: `changedMeanwhile`; what a full disk or a failing one throws, with the old content back in the file if
    ///   that can be done, else with the journal beside it.
    func overwrite(
        _ found: Found, with content: SecretBytes, _ declared: DeclaredAttributes, _ journal: TargetJournal
    ) throws(DeliveryError) {
        try confirmDirectory(found)
        let descriptor = try openAgain(found)
        defer { Glibc.close(descriptor) }
        if found.content != content {
            guard linux_reserve(descriptor, Int64(content.count)) == 0 || [EOPNOTSUPP, ENOSYS].contains(errno) else {
                throw .file(path: path, .write, errno: errno)
            }
            let entry = TargetJournal.Entry(
                device: UInt64(found.status.st_dev), inode: UInt64(found.status.st_ino), before: found.content,
                after: content)
            try begin(journal.seal(entry, path: path))
            do throws(DeliveryError) {
                try put(content, into: descriptor)
            } catch {
                try put(found.content, into: descriptor)
                try end()
                throw error
            }
            try end()
        }
        try give(declared, to: descriptor, as: found)
    }

    /// Finds out whether `overwrite` could be done.
    func probeOverwrite(_ found: Found) throws(DeliveryError) {
        try confirmDirectory(found)
        Glibc.close(try openAgain(found))
        try probe(nil, .none)
    }

    /// Finishes what a killed process began, or takes its journal away where there is nothing to finish.
    /// - Throws: `journalUnknown` when it is not ours, or when the file is neither what was there nor what was to be.
    func recover(_ journal: TargetJournal) throws(DeliveryError) {
        let descriptor = openat(directory, journalName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw .journalUnknown(path: journalPath)
        }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1,
            let sealed = try? Descriptors.readAll(descriptor, atMost: 3 * Self.largest),
            let entry = journal.open(sealed, path: path)
        else { throw .journalUnknown(path: journalPath) }
        guard let (file, status) = try open(O_RDWR) else { return try end() }
        defer { Glibc.close(file) }
        // Another file has taken the place since.
        guard entry.device == UInt64(status.st_dev), entry.inode == UInt64(status.st_ino) else { return try end() }
        let content = try read(file, status)
        if content != entry.before, content != entry.after {
            guard Self.isMixture(content, of: entry) else { throw .journalUnknown(path: journalPath) }
            try put(entry.after, into: file)
        }
        try end()
    }

    /// Each byte is one of the old content or of the new one, or room that was not filled yet.
    private static func isMixture(_ content: SecretBytes, of entry: TargetJournal.Entry) -> Bool {
        content.withBytes { bytes in
            entry.before.withBytes { before in
                entry.after.withBytes { after in
                    bytes.indices.allSatisfy { index in
                        index < before.count && bytes[index] == before[index]
                            || index < after.count
                                && (bytes[index] == after[index] || index >= before.count && bytes[index] == 0)
                    }
                }
            }
        }
    }

    /// Who can put another file here could have its content changed by us.
    private func confirmDirectory(_ found: Found) throws(DeliveryError) {
        var status = stat()
        guard fstat(directory, &status) == 0 else { throw .file(path: path, .open, errno: errno) }
        let isOpen = status.st_mode & 0o022 != 0 && status.st_mode & S_ISVTX == 0
        let isTheirs = status.st_uid != 0 && status.st_uid != geteuid() && status.st_uid != found.status.st_uid
        if isOpen || isTheirs { throw .directoryOpen(path: path) }
    }

    private func openAgain(_ found: Found) throws(DeliveryError) -> Int32 {
        guard let (descriptor, now) = try open(O_RDWR) else { throw .changedMeanwhile(path: path) }
        guard Self.isSame(now, found.status) else {
            Glibc.close(descriptor)
            throw .changedMeanwhile(path: path)
        }
        return descriptor
    }

    private func begin(_ sealed: [UInt8]) throws(DeliveryError) {
        Drafts.removeLeftovers(of: journalName, in: directory)
        let draft = Drafts.name(for: journalName)
        let descriptor = openat(directory, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: path, .create, errno: errno) }
        defer { Glibc.close(descriptor) }
        do throws(SystemError) {
            guard Drafts.claim(descriptor) else { throw SystemError(EBUSY) }
            try Descriptors.writeAll(descriptor, sealed[...])
            try Descriptors.sync(descriptor)
            guard renameat(directory, draft, directory, journalName) == 0 else { throw .last }
            try Descriptors.sync(directory)
        } catch {
            unlinkat(directory, draft, 0)
            unlinkat(directory, journalName, 0)
            throw .file(path: path, .write, errno: error.code)
        }
    }

    private func put(_ content: SecretBytes, into descriptor: Int32) throws(DeliveryError) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .file(path: path, .write, errno: errno) }
        do throws(SystemError) {
            try content.withBytes { bytes throws(SystemError) in try Descriptors.writeAll(descriptor, bytes) }
            guard ftruncate(descriptor, content.count) == 0 else { throw .last }
            try Descriptors.sync(descriptor)
        } catch {
            throw .file(path: path, .write, errno: error.code)
        }
    }

    /// The file is whole: the journal goes.
    private func end() throws(DeliveryError) {
        guard unlinkat(directory, journalName, 0) == 0 || errno == ENOENT else {
            throw .file(path: path, .write, errno: errno)
        }
        guard fsync(directory) == 0 else { throw .file(path: path, .sync, errno: errno) }
    }
}
