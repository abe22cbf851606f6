internal import Files
internal import Glibc

/// One path for one file, by whatever way it is named.
enum CanonicalPath {
    /// The path as it was asked for, from the root on, without `.` and `..`.
    static func asked(_ path: String) -> String {
        let whole = Paths.absolute(path)
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

    /// As `Paths.canonical`.
    /// - Throws: `missing`, `notAccessible`.
    static func of(_ path: String) throws(VaultError) -> String {
        do {
            return try Paths.canonical(path)
        } catch {
            throw error.code == ENOENT || error.code == ENOTDIR
                ? .missing(path: path) : .notAccessible(path: path, errno: error.code)
        }
    }
}
