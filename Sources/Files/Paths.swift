internal import Glibc

/// What can be said of a path by its letters, and what the file system makes of it.
public enum Paths {
    /// The directory that a file is in: `/` for one in the root, `.` for a name alone.
    public static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// What stands behind the last slash.
    public static func name(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    /// A name in a directory.
    public static func join(_ directory: String, _ name: String) -> String {
        (directory == "/" ? "" : directory) + "/" + name
    }

    /// The path from the root on, as it was asked for.
    public static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : join(workingDirectory, path)
    }

    /// Where the process is; empty when that is gone.
    public static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    /// The directory with all links followed, and the name in it as it is: a linked directory is the user's arrangement,
    /// a link in the file's own place is somebody's trick.
    /// - Throws: when the directory cannot be reached.
    public static func canonical(_ path: String) throws(SystemError) -> String {
        let name = name(of: path)
        guard !name.isEmpty else { throw SystemError(EISDIR) }
        guard let resolved = realpath(directory(of: path), nil) else { throw .last }
        defer { free(resolved) }
        return join(String(cString: resolved), name)
    }
}
