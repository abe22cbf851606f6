internal import Glibc

/// The files that SQLite could read with a vault because of their names.
enum Companions {
    private static let suffixes = ["-journal", "-wal", "-shm"]

    /// Those that are there, whatever they are.
    static func of(_ path: String) -> [(suffix: String, path: String)] {
        suffixes.map { ($0, path + $0) }.filter { exists($0.1) }
    }

    /// Makes sure that a new vault at `path` would be alone there.
    /// - Throws: `alreadyExists`, `companion`.
    static func requireFreePlace(_ path: String) throws(VaultError) {
        guard !exists(path) else { throw .alreadyExists(path: path) }
        try requireNone(beside: path)
    }

    /// - Throws: `companion`.
    static func requireNone(beside path: String) throws(VaultError) {
        if let companion = of(path).first { throw .companion(path: companion.path) }
    }

    /// Also true for a link that leads nowhere.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }
}
