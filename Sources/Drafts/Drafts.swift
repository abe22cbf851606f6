internal import Glibc

/// Files that are being written beside the place where they will stand. A draft is locked by its maker; the kernel drops
/// the lock with the maker, whatever way it dies, and the draft is a leftover from then on.
public enum Drafts {
    /// Marks the open draft as one that somebody is at work on.
    public static func claim(_ descriptor: Int32) {
        flock(descriptor, LOCK_EX | LOCK_NB)
    }

    /// Removes what dead makers left behind: regular files named `prefix` and then `digits` more bytes, each with its
    /// rollback journal.
    /// - Parameter directory: an open directory; stays open.
    public static func removeLeftovers(in directory: Int32, prefix: String, digits: Int) {
        let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let listing = fdopendir(copy) else { return }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix(prefix), name.utf8.count == prefix.utf8.count + digits else { continue }
            let descriptor = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                flock(descriptor, LOCK_EX | LOCK_NB) == 0
            else { continue }
            unlinkat(directory, name, 0)
            unlinkat(directory, name + "-journal", 0)
        }
    }
}
