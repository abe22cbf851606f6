internal import Files
internal import Glibc

/// The user's own profiles. Each says where keys are sent, so none is believed that another than the user and root could
/// have written.
enum OwnProfiles {
    static let ending = ".yaml"
    private static let largest = 64 * 1024

    /// The files of a directory, by the ids that their names stand for; none where there is no directory.
    /// - Throws: when it cannot be told what is in it.
    static func read(
        _ directory: String
    ) throws(ProfileFault) -> [(id: String, path: String, content: Result<String, ProfileFault>)] {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let cause = errno
            var status = stat()
            // A link that leads nowhere is a directory that somebody meant to be there.
            guard cause != ENOENT || lstat(directory, &status) == 0 else { return [] }
            throw ProfileFault(
                location: "",
                problem: "the directory cannot be read (\(String(cString: strerror(cause)))), so nobody knows which"
                    + " profiles it holds; XDG_CONFIG_HOME can name another place")
        }
        defer { close(descriptor) }
        let names: [String]
        do {
            names = try Directories.names(of: descriptor)
        } catch {
            throw ProfileFault(location: "", problem: "the directory cannot be read")
        }
        var files: [(String, String, Result<String, ProfileFault>)] = []
        for name in names.sorted() where !name.hasPrefix(".") {
            let path = directory + "/" + name
            guard name.hasSuffix(ending) else {
                for other in [".yml", ending] where name.lowercased().hasSuffix(other) {
                    let fault = ProfileFault(location: "", problem: "its name has to end with \(ending)")
                    files.append((name.dropLast(other.count).lowercased(), path, .failure(fault)))
                }
                continue
            }
            let content: Result<String, ProfileFault>
            do throws(ProfileFault) {
                try requireSafe(descriptor, "its directory")
                content = .success(try read(openat(descriptor, name, flags)))
            } catch {
                content = .failure(error)
            }
            files.append((String(name.dropLast(ending.count)), path, content))
        }
        return files
    }

    /// What is no file must not make anybody wait.
    private static let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK

    private static func read(_ descriptor: Int32) throws(ProfileFault) -> String {
        guard descriptor >= 0 else { throw unreadable(errno) }
        defer { close(descriptor) }
        try requireSafe(descriptor, "it")
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ProfileFault(location: "", problem: "is not a regular file")
        }
        do {
            return String(decoding: try Descriptors.readAll(descriptor, atMost: largest), as: UTF8.self)
        } catch {
            if error.code == EFBIG { throw ProfileFault(location: "", problem: "larger than 64 KiB") }
            throw unreadable(error.code)
        }
    }

    /// - Parameter what: what to call it in the fault.
    private static func requireSafe(_ descriptor: Int32, _ what: String) throws(ProfileFault) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(errno) }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw ProfileFault(location: "", problem: "\(what) belongs to another user (\(status.st_uid))")
        }
        guard status.st_mode & 0o022 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw ProfileFault(
                location: "", problem: "others can write to \(what) (mode 0\(mode)); chmod go-w takes that from them")
        }
    }

    private static func unreadable(_ code: Int32) -> ProfileFault {
        ProfileFault(location: "", problem: "cannot be read: \(String(cString: strerror(code)))")
    }
}
