internal import CLinux
internal import Drafts
internal import Glibc
internal import Sealing

/// A file that is made beside the place where it will stand, readable for its owner alone, and goes away unless it is
/// published. One whose maker was killed goes away when the next one is made for the same place.
final class DraftFile {
    let path: String
    private let descriptor: Int32

    /// - Throws: `notWritable`.
    init(beside place: String) throws(VaultError) {
        let prefix = place + ".new-"
        if let directory = try? Self.open(directoryOf: place) {
            let name = prefix.split(separator: "/").last.map(String.init) ?? prefix
            Drafts.removeLeftovers(in: directory, prefix: name, digits: 8)
            close(directory)
        }
        path = prefix + Hexadecimal.text(Randomness.bytes(4))
        descriptor = Glibc.open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .notWritable(path: path, errno: errno) }
        Drafts.claim(descriptor)
    }

    deinit {
        unlink(path)
        unlink(path + "-journal")
        close(descriptor)
    }

    /// Gives the complete file its name, durably; never over another file.
    /// - Throws: `alreadyExists`, `notWritable`.
    func publish(at place: String) throws(VaultError) {
        // Some file systems have no second names for a file, but can rename without replacing.
        guard link(path, place) == 0 || (errno != EEXIST && linux_rename_to_new(path, place) == 0) else {
            throw errno == EEXIST ? .alreadyExists(path: place) : .notWritable(path: place, errno: errno)
        }
        do {
            try Self.syncDirectory(of: place)
        } catch {
            unlink(place)
            throw error
        }
    }

    /// Gives the complete file the name of another one, which is gone then, durably.
    /// - Throws: `notAccessible`; `storedNotSynced`.
    func replace(_ place: String) throws(VaultError) {
        guard rename(path, place) == 0 else { throw .notAccessible(path: place, errno: errno) }
        do {
            try Self.syncDirectory(of: place)
        } catch {
            throw .storedNotSynced
        }
    }

    /// Makes the names in the directory of `path` durable.
    private static func syncDirectory(of path: String) throws(VaultError) {
        let descriptor = try open(directoryOf: path)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .notAccessible(path: path, errno: errno) }
    }

    private static func open(directoryOf path: String) throws(VaultError) -> Int32 {
        let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let descriptor = Glibc.open(
            directory.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .notAccessible(path: directory, errno: errno) }
        return descriptor
    }
}
