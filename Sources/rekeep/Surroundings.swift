import Glibc

/// Where things are on this machine: the XDG base directories and what lies beside this program.
enum Surroundings {
    static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func directory(_ name: String, _ fallback: String) -> String {
        // The specification says that relative paths are to be ignored.
        if let path = variable(name), path.hasPrefix("/") { return path + "/rekeep" }
        return (variable("HOME") ?? "") + "/" + fallback + "/rekeep"
    }

    static var defaultVault: String { directory("XDG_DATA_HOME", ".local/share") + "/vault.db" }
    static var stateDirectory: String { directory("XDG_STATE_HOME", ".local/state") }
    static var ownProfiles: String { directory("XDG_CONFIG_HOME", ".config") + "/providers" }

    /// Makes a directory that only its owner may enter, with its parents.
    static func makeDirectory(_ path: String) -> Bool {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            if mkdir(made, 0o700) != 0 && errno != EEXIST { return false }
        }
        return true
    }

    /// The courier beside this program, or in `../libexec/rekeep/`.
    static var courierCandidates: [String] {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? -1
        }
        guard count > 0 else { return [] }
        var end = count
        while end > 0, buffer[end - 1] != UInt8(ascii: "/") { end -= 1 }
        let directory = String(decoding: buffer[..<max(0, end - 1)], as: UTF8.self)
        return [directory + "/rekeep-courier", directory + "/../libexec/rekeep/rekeep-courier"]
    }
}
