internal import CVaultVFS
internal import Files
internal import Glibc

/// A copy that is to become the vault, taken byte by byte into a file of our own beside its place: nothing that lies
/// beside the copy can reach it.
public struct CopyToRestore {
    let draft: DraftFile
    /// Where the vault lies or will lie, as it was given.
    public let destination: String
    /// The copy of the copy, still locked.
    public let file: VaultFile

    /// - Throws: `missing`, `notAccessible`, `notWritable`, `diskFull`; `companion` when a journal or a write-ahead log lies
    ///   beside the copy: it was copied while it was being changed. As opening a vault file.
    public init(of path: String, to destination: String) throws(VaultError) {
        let source = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard source >= 0 else {
            let cause = errno
            // A link that leads nowhere is there.
            if cause == ENOENT, Companions.exists(path) { throw .foreignFile(path: path, .link) }
            // A socket.
            if cause == ENXIO { throw .notAVault(path: path) }
            throw cause == ENOENT || cause == ENOTDIR
                ? .missing(path: path) : .notAccessible(path: path, errno: cause)
        }
        defer { close(source) }
        var status = stat()
        guard fstat(source, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .notAVault(path: path) }
        // Looked at before anything is copied: whatever else it is may be large.
        guard vault_vfs_is_vault(source) != 0 else { throw .notAVault(path: path) }
        try Companions.requireNone(beside: path)
        self.destination = destination
        draft = try DraftFile(beside: destination)
        try Self.copy(source, path, to: draft)
        do throws(VaultError) {
            file = try VaultFile(path: draft.path)
        } catch .notAVault {
            throw .notAVault(path: path)
        } catch .writeAheadLog {
            throw .writeAheadLog(path: path)
        }
    }

    /// The place as this machine remembers it.
    public var rememberedLocation: Acquaintance.Location {
        get throws(VaultError) {
            .at(canonical: try CanonicalPath.of(destination), asked: CanonicalPath.asked(destination))
        }
    }

    private static func copy(_ source: Int32, _ path: String, to draft: DraftFile) throws(VaultError) {
        let target = try draft.open()
        defer { close(target) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count: Int
            do {
                count = try Descriptors.readSome(source, into: &buffer)
            } catch {
                throw .notAccessible(path: path, errno: error.code)
            }
            if count == 0 { break }
            do {
                try Descriptors.writeAll(target, buffer[..<count])
            } catch {
                throw error.code == ENOSPC || error.code == EDQUOT
                    ? .diskFull : .notWritable(path: draft.path, errno: error.code)
            }
        }
        guard fsync(target) == 0 else { throw .notWritable(path: draft.path, errno: errno) }
    }
}
