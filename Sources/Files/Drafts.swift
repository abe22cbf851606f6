internal import Glibc
internal import Sealing

/// Files that are being written beside the place where they will stand. A draft is claimed by its maker with a lock that
/// the kernel drops with the maker, whatever way it dies; the draft is a leftover from then on.
public enum Drafts {
    private static let digits = 12

    private static func prefix(_ file: String) -> String { ".\(file).rekeep-draft-" }

    /// A new name for a draft of `file`, in the same directory.
    public static func name(for file: String) -> String {
        prefix(file) + Hexadecimal.text(Randomness.bytes(digits / 2))
    }

    /// Marks an open file as one that somebody is at work on.
    /// - Returns: false when somebody who took it for a leftover has removed it.
    public static func claim(_ descriptor: Int32) -> Bool {
        var status = stat()
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0 && fstat(descriptor, &status) == 0 && status.st_nlink > 0
    }

    /// Removes the drafts of `file` whose makers died, each with its rollback journal and the file that it was claimed by.
    /// - Parameters:
    ///   - directory: an open directory; stays open.
    ///   - claimSuffix: what the name of the claimed file ends with besides; empty where the draft itself is claimed.
    public static func removeLeftovers(of file: String, in directory: Int32, claimSuffix: String = "") {
        let prefix = prefix(file)
        for name in (try? Directories.names(of: directory)) ?? [] {
            let rest = name.dropFirst(prefix.count)
            guard name.hasPrefix(prefix), rest.utf8.count == digits, rest.allSatisfy(\.isHexDigit),
                isAbandoned(name + claimSuffix, in: directory)
            else { continue }
            for leftover in Set([name, name + "-journal", name + claimSuffix]) { unlinkat(directory, leftover, 0) }
        }
    }

    private static func isAbandoned(_ name: String, in directory: Int32) -> Bool {
        let descriptor = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }
}
