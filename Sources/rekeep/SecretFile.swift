import Files
import Glibc
import Sealing

/// Files that hold secrets: read straight into locked memory, written for their owner alone.
enum SecretFile {
    static let largest = 1 << 20

    /// The whole content; `-` is standard input.
    /// - Parameter forbidden: permissions that others must not have on it.
    static func read(_ path: String, refusing forbidden: mode_t = 0) throws(CommandError) -> SecretBytes {
        keepToOurselves(path)
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw .fileUnreadable(path: path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .fileUnreadable(path: path, errno: errno) }
        if status.st_mode & S_IFMT == S_IFREG, status.st_mode & forbidden != 0 {
            throw .fileNotPrivate(path: path, mode: status.st_mode & 0o777)
        }
        var content = SecretWriter(capacity: 4096)
        while true {
            var count = 0
            let chunk: SecretBytes
            do {
                chunk = try SecretBytes(count: 4096) { buffer throws(SystemError) in
                    count = try Descriptors.readSome(descriptor, into: buffer)
                }
            } catch {
                throw .fileUnreadable(path: path, errno: error.code)
            }
            if count == 0 { return content.finish() }
            guard content.count + count <= largest else { throw .fileUnreadable(path: path, errno: EFBIG) }
            chunk.withBytes { content.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// A descriptor that somebody gave us with a secret in it is not for the programs that we start, or become.
    private static func keepToOurselves(_ path: String) {
        for prefix in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(prefix) {
            if let number = Int32(path.dropFirst(prefix.count)), number > STDERR_FILENO {
                _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            }
        }
    }

    /// The first line of a file. `-` at a terminal is asked for, and does not show.
    static func line(_ path: String, asking question: String) throws(CommandError) -> SecretBytes {
        if path == "-", isatty(STDIN_FILENO) == 1, let prompt = Prompt() {
            guard let line = prompt.secret(question) else { throw .inputEnded }
            return line
        }
        return firstLine(try read(path))
    }

    /// The content up to its first line break.
    private static func firstLine(_ content: SecretBytes) -> SecretBytes {
        let end = content.withBytes { bytes in
            bytes.firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } ?? bytes.count
        }
        return content[0..<end]
    }

    /// Writes a new file with mode 0600; never over an existing one.
    static func create(_ path: String, _ content: SecretBytes) throws(CommandError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw errno == EEXIST ? .fileExists(path: path) : .fileNotWritten(path: path, errno: errno)
        }
        defer { close(descriptor) }
        do {
            try content.withBytes { bytes throws(SystemError) in try Descriptors.writeAll(descriptor, bytes) }
            try Descriptors.sync(descriptor)
        } catch {
            unlink(path)
            throw .fileNotWritten(path: path, errno: error.code)
        }
    }
}
