internal import CLinux
internal import Drafts
internal import Glibc

/// A file that is made beside the place where it will stand, readable for its owner alone, and goes away unless it is
/// published. One whose maker was killed goes away when the next one is made for the same place.
final class DraftFile {
    let path: String
    /// The file that the draft is claimed by. Not the draft itself: on some file systems that lock would keep SQLite out.
    private let claimPath: String
    private let claim: Int32

    /// - Throws: `notWritable`.
    init(beside place: String) throws(VaultError) {
        let file = place.split(separator: "/").last.map(String.init) ?? place
        let directory = Self.directory(of: place)
        if let descriptor = try? Self.open(directory) {
            Drafts.removeLeftovers(of: file, in: descriptor, claimSuffix: Self.claimSuffix)
            close(descriptor)
        }
        path = (directory == "/" ? "" : directory) + "/" + Drafts.name(for: file)
        claimPath = path + Self.claimSuffix
        claim = try Self.create(claimPath)
        guard Drafts.claim(claim) else {
            let cause = errno
            close(claim)
            throw .notWritable(path: claimPath, errno: cause)
        }
        do {
            close(try Self.create(path))
        } catch {
            unlink(claimPath)
            close(claim)
            throw error
        }
    }

    deinit {
        unlink(path)
        unlink(path + "-journal")
        unlink(claimPath)
        close(claim)
    }

    private static let claimSuffix = ".claim"

    private static func create(_ path: String) throws(VaultError) -> Int32 {
        let descriptor = Glibc.open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .notWritable(path: path, errno: errno) }
        return descriptor
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
        let descriptor = try open(directory(of: path))
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .notAccessible(path: path, errno: errno) }
    }

    private static func directory(of path: String) -> String {
        let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return directory.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : directory
    }

    private static func open(_ directory: String) throws(VaultError) -> Int32 {
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .notAccessible(path: directory, errno: errno) }
        return descriptor
    }
}
