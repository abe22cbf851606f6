internal import Files
internal import Glibc

/// What the kernel's tables say of a file that is mounted by itself: into a container, as a rule.
enum Mounts {
    /// A mount of one file.
    struct Holder: Equatable {
        /// A process that sees it.
        let process: Int32
        /// Where that process sees the file.
        let path: String
        /// The file was replaced since: what the process sees is the one from before.
        let isOld: Bool
    }

    /// Looks for a mount of the file itself, in the mount namespaces of all processes that can be looked into.
    /// - Parameter path: absolute, with no links in it.
    static func holder(of path: String) -> Holder? {
        guard let own = try? entries(of: "self"), let place = place(of: path, in: own) else { return nil }
        var seen: Set<String> = []
        for name in Directories.names(in: "/proc") {
            guard let process = Int32(name) else { continue }
            // Processes of one namespace have one table.
            if let namespace = linkTarget("/proc/\(name)/ns/mnt"), !seen.insert(namespace).inserted { continue }
            for entry in (try? entries(of: name)) ?? [] where entry.device == place.device {
                if entry.root == place.root { return Holder(process: process, path: entry.point, isOld: false) }
                if entry.root == place.root + "//deleted" {
                    return Holder(process: process, path: entry.point, isOld: true)
                }
            }
        }
        return nil
    }

    /// A line of /proc/PID/mountinfo, as proc(5) has it.
    private struct Entry {
        let device: Substring
        /// The part of the file system that is mounted.
        let root: String
        let point: String
    }

    private static func entries(of process: String) throws(SystemError) -> [Entry] {
        let descriptor = open("/proc/\(process)/mountinfo", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last }
        defer { close(descriptor) }
        let text = String(decoding: try Descriptors.readAll(descriptor, atMost: 1 << 24), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count > 5 else { return nil }
            return Entry(device: fields[2], root: unescaped(fields[3]), point: unescaped(fields[4]))
        }
    }

    /// The file's file system, and its path in that.
    private static func place(of path: String, in entries: [Entry]) -> (device: Substring, root: String)? {
        // The last mount at the longest point counts.
        var best: Entry?
        for entry in entries where entry.point == "/" || path.hasPrefix(entry.point + "/") || path == entry.point {
            if entry.point.utf8.count >= best?.point.utf8.count ?? 0 { best = entry }
        }
        guard let best else { return nil }
        let rest = best.point == "/" ? path : String(path.dropFirst(best.point.count))
        return (best.device, best.root == "/" && !rest.isEmpty ? rest : best.root + rest)
    }

    /// Blanks and backslashes are in octal.
    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("\\") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 128)
        let count = readlink(path, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
