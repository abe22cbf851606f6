internal import CLinux
internal import Files
internal import Glibc

/// A file that is made beside the place where it will stand, readable for its owner alone, and goes away unless it is
/// published. One whose maker was killed goes away when the next one is made for the same place.
final class DraftFile {
    let path: String
    /// The file that the draft is claimed by. Not the draft itself: on some file systems that lock would keep SQLite out.
    private let claimPath: String
    private let claim: Int32
    /// Which file it is, whatever else may get its name.
    private let identity: FileIdentity

    /// - Throws: `notWritable`.
    init(beside destination: String) throws(VaultError) {
        let (file, directory) = (Paths.name(of: destination), Paths.directory(of: destination))
        if let descriptor = try? Directories.open(directory) {
            Drafts.removeLeftovers(of: file, in: descriptor, claimSuffix: Self.claimSuffix)
            close(descriptor)
        }
        path = Paths.join(directory, Drafts.name(for: file))
        claimPath = path + Self.claimSuffix
        claim = try Self.create(claimPath)
        guard Drafts.claim(claim) else {
            let cause = errno
            close(claim)
            throw .notWritable(path: claimPath, errno: cause)
        }
        do {
            let descriptor = try Self.create(path)
            defer { close(descriptor) }
            identity = FileIdentity(of: descriptor)
        } catch {
            unlink(claimPath)
            close(claim)
            throw error
        }
    }

    /// Opens the draft for writing.
    /// - Throws: `notWritable`; `replaced` when another file has its name.
    func open() throws(VaultError) -> Int32 {
        let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw .notWritable(path: path, errno: errno) }
        guard FileIdentity(of: descriptor) == identity else {
            close(descriptor)
            throw .replaced(path: path)
        }
        return descriptor
    }

    /// - Throws: `replaced` when another file than the draft lies there.
    private func requireOwn(at destination: String) throws(VaultError) {
        guard FileIdentity(at: destination) == identity else { throw .replaced(path: destination) }
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
    func publish(at destination: String) throws(VaultError) {
        // A second name, where the file system cannot rename without replacing, is seen if we die before the first is gone.
        guard linux_rename_to_new(path, destination) == 0 || (errno != EEXIST && link(path, destination) == 0) else {
            throw errno == EEXIST ? .alreadyExists(path: destination) : .notWritable(path: destination, errno: errno)
        }
        unlink(path)
        try requireOwn(at: destination)
        do {
            try Directories.sync(Paths.directory(of: destination))
        } catch {
            unlink(destination)
            throw .notAccessible(path: destination, errno: error.code)
        }
    }

    /// Gives the complete file the name of another one, durably; that one is then called `aside`. At every instant one of
    /// the two lies at `place`, under this name alone.
    /// - Throws: `alreadyExists` when something is called `aside`, `notAccessible`; `storedNotSynced`.
    func replace(_ destination: String, keepingAs aside: String) throws(VaultError) {
        if linux_rename_to_new(path, aside) == 0 {
            guard linux_exchange(aside, destination) != 0 else { return try syncReplaced(destination) }
            guard rename(aside, path) == 0 else { throw .notAccessible(path: aside, errno: errno) }
        } else if errno == EEXIST {
            throw .alreadyExists(path: aside)
        }
        // A file system that cannot exchange two files: the old one has two names for a moment.
        guard link(destination, aside) == 0 else {
            throw errno == EEXIST ? .alreadyExists(path: aside) : .notAccessible(path: aside, errno: errno)
        }
        guard rename(path, destination) == 0 else {
            let cause = errno
            unlink(aside)
            throw .notAccessible(path: destination, errno: cause)
        }
        try syncReplaced(destination)
    }

    private func syncReplaced(_ destination: String) throws(VaultError) {
        try requireOwn(at: destination)
        do {
            try Directories.sync(Paths.directory(of: destination))
        } catch {
            throw .storedNotSynced
        }
    }
}

/// Which file it is, by whatever name.
private struct FileIdentity: Equatable {
    private let device: dev_t
    private let number: ino_t

    init(of descriptor: Int32) {
        var status = stat()
        fstat(descriptor, &status)
        (device, number) = (status.st_dev, status.st_ino)
    }

    /// Of the file itself, not of what a link leads to; of none where there is nothing.
    init(at path: String) {
        var status = stat()
        lstat(path, &status)
        (device, number) = (status.st_dev, status.st_ino)
    }
}
