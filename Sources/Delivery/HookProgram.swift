internal import Glibc

/// The program of a hook: an absolute path that nobody but root and the user can change.
enum HookProgram {
    /// The absolute path of what was typed: of a path, from the current directory; of a bare name, by PATH.
    /// - Throws: `hookNotFound` when it is nowhere or not executable.
    static func path(of program: String) throws(DeliveryError) -> String {
        guard !program.contains("/") else {
            let path = TargetWriter.canonical(program)
            guard path.hasPrefix("/"), access(path, X_OK) == 0 else { throw .hookNotFound(program) }
            return path
        }
        let path =
            getenv("PATH").map { String(cString: $0) } ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        // A relative entry would find another program in another directory.
        for directory in path.split(separator: ":") where directory.hasPrefix("/") {
            let candidate = TargetWriter.canonical(directory + "/" + program)
            if access(candidate, X_OK) == 0 { return candidate }
        }
        throw .hookNotFound(program)
    }

    /// The absolute path of a word that names a file by a relative path; every other word as it is.
    static func absolute(_ word: String) -> String {
        guard word.contains("/"), !word.hasPrefix("/"), access(word, F_OK) == 0 else { return word }
        return TargetWriter.canonical(word)
    }

    /// Looks at the program, at the interpreter that its first line names, and at every file that another word names: a
    /// script, most likely.
    /// - Throws: as `check(_:)`.
    static func check(all words: [String]) throws(DeliveryError) {
        guard let program = words.first else { return }
        try check(program)
        if let interpreter = interpreter(of: program) { try check(interpreter) }
        for word in words.dropFirst() where word.hasPrefix("/") && isFile(word) {
            try check(word, isRun: false)
        }
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// What stands behind `#!`; nil for a program that is none.
    private static func interpreter(of program: String) -> String? {
        let descriptor = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var front = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &front, front.count)
        guard count > 2, front.starts(with: Array("#!".utf8)) else { return nil }
        let line = front[2..<count].prefix { $0 != UInt8(ascii: "\n") }.drop { $0 == 0x20 || $0 == 0x09 }
        return String(decoding: line.prefix { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self)
    }

    /// Looks at the program, at every link that leads to it and at every directory on the way.
    /// - Parameter isRun: the file is one to be run itself, not by another program.
    /// - Throws: `hookNotFound` unless it is an executable file with an absolute path; `hookChangeable` where somebody
    ///   else could put another in its place.
    private static func check(_ program: String, isRun: Bool = true) throws(DeliveryError) {
        guard program.hasPrefix("/"), access(program, isRun ? X_OK : F_OK) == 0 else { throw .hookNotFound(program) }
        var path = ""
        var rest = program.split(separator: "/").map(String.init)[...]
        var links = 0
        var isSticky = try inspect("/", of: program, inSticky: false).isSticky
        while let name = rest.popFirst() {
            if name == "." || name == ".." {
                if name == ".." { path = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "" }
                isSticky = try inspect(path.isEmpty ? "/" : path, of: program, inSticky: false).isSticky
                continue
            }
            let next = path + "/" + name
            let found = try inspect(next, of: program, inSticky: isSticky)
            if let target = found.link {
                links += 1
                guard links <= 40 else { throw .hookNotFound(program) }
                rest = (target.split(separator: "/").map(String.init) + rest)[...]
                guard target.hasPrefix("/") else { continue }
                path = ""
                isSticky = try inspect("/", of: program, inSticky: false).isSticky
            } else {
                path = next
                isSticky = found.isSticky
                guard rest.isEmpty == found.isFile else { throw .hookNotFound(program) }
            }
        }
    }

    private struct Found {
        var link: String?
        var isFile = false
        /// A directory in which everybody may make files, and change only his own.
        var isSticky = false
    }

    private static func inspect(
        _ path: String, of program: String, inSticky: Bool
    ) throws(DeliveryError) -> Found {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .hookNotFound(program) }
        let owner = status.st_uid
        let isOurs = owner == 0 || owner == geteuid()
        switch status.st_mode & S_IFMT {
        case S_IFLNK:
            // Its owner counts only where others may put a link of theirs in its place.
            guard isOurs || !inSticky else { throw .hookOfAnother(program: program, path: path, owner: owner) }
            var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = target.withUnsafeMutableBytes { bytes in
                bytes.bindMemory(to: CChar.self).baseAddress.map { readlink(path, $0, bytes.count) } ?? -1
            }
            guard count > 0 else { throw .hookNotFound(program) }
            return Found(link: String(decoding: target[..<count], as: UTF8.self))
        case S_IFDIR, S_IFREG:
            guard isOurs else { throw .hookOfAnother(program: program, path: path, owner: owner) }
            let isDirectory = status.st_mode & S_IFMT == S_IFDIR
            let isSticky = isDirectory && status.st_mode & S_ISVTX != 0
            guard status.st_mode & 0o022 == 0 || isSticky else {
                throw .hookChangeable(program: program, path: path, mode: status.st_mode & 0o7777)
            }
            return Found(isFile: !isDirectory, isSticky: isSticky)
        default: throw .hookNotFound(program)
        }
    }
}
