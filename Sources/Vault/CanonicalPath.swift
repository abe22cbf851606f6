internal import Glibc

/// One path for one file, by whatever way it is named.
enum CanonicalPath {
    /// The path as it was asked for, from the root on, without `.` and `..`.
    static func asked(_ path: String) -> String {
        var whole = path
        if !path.hasPrefix("/"), let directory = getcwd(nil, 0) {
            defer { free(directory) }
            whole = String(cString: directory) + "/" + path
        }
        guard whole.contains("/.") || whole.contains("//") else { return whole }
        var parts: [Substring] = []
        for part in whole.split(separator: "/") {
            switch part {
            case ".": break
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The directory with all links followed, and the name in it as it is: a linked directory is the user's arrangement,
    /// a link in the file's own place is somebody's trick.
    /// - Throws: `missing`, `notAccessible`.
    static func of(_ path: String) throws(VaultError) -> String {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let name = slash.map { path[path.utf8.index(after: $0)...] } ?? path[...]
        let directory = slash.map { String(path[...$0]) } ?? "."
        guard !name.isEmpty, let resolved = realpath(directory, nil) else {
            let cause = name.isEmpty ? EISDIR : errno
            throw cause == ENOENT || cause == ENOTDIR
                ? .missing(path: path) : .notAccessible(path: path, errno: cause)
        }
        defer { free(resolved) }
        let base = String(cString: resolved)
        return (base == "/" ? "" : base) + "/" + name
    }
}
