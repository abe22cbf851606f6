internal import Glibc
internal import Sealing

/// Which vault this machine found at a place, and opened by an identity: another one there is not opened. The files are
/// not sealed; whoever can write the state directory is believed.
struct KnownVaults {
    private let directory: String

    init(directory: String) {
        self.directory = directory
    }

    /// What a vault is known by.
    enum Key {
        /// The canonical path.
        case path(String)
        case identity(publicKey: [UInt8])

        fileprivate var fileName: String {
            switch self {
            case .path(let path): "place-" + Self.hash(Array(path.utf8))
            case .identity(let publicKey): "identity-" + Self.hash(publicKey)
            }
        }

        private static func hash(_ bytes: [UInt8]) -> String {
            Hexadecimal.text(KeyedHash.checksum(bytes, count: 16))
        }
    }

    // MARK: The slot that opened last

    /// The costs and the salt of the passphrase slot that opened the vault last, as they stand in the slot; nil when that is
    /// not known. To be told which slot to try first is all that this is good for.
    func derivation(at path: String) -> [UInt8]? {
        (try? StateFile.with(derivationPath(path), for: .reading) { file throws(VaultError) in
            try file.bytes(atMost: Slot.derivationCount)
        }) ?? nil
    }

    /// What cannot be remembered costs time, and nothing else.
    func rememberDerivation(_ derivation: [UInt8], at path: String) {
        _ = try? StateFile.with(derivationPath(path), for: .changing) { file throws(VaultError) in
            try file.write(derivation, at: 0)
        }
    }

    private func derivationPath(_ path: String) -> String { directory + "/" + Key.path(path).fileName + ".slot" }

    private static let largest = 64 * 1024

    /// The vaults on record; none when nothing is.
    /// - Throws: `recordRefused` for a file that names none, or could be somebody else's; `notAccessible`.
    func vaults(at key: Key) throws(VaultError) -> [VaultPin] {
        let path = path(of: key)
        let content = try StateFile.with(path, for: .reading) { file throws(VaultError) in
            try file.bytes(atMost: Self.largest)
        }
        guard let content else { return [] }
        var vaults: [VaultPin] = []
        // Other lines are there for whoever looks at the file.
        for line in content.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
            guard let vault = VaultPin(hexadecimal: line) else { throw .recordRefused(path: path, .forged) }
            vaults.append(vault)
        }
        guard !vaults.isEmpty else { throw .recordRefused(path: path, .forged) }
        return vaults
    }

    /// Puts a vault on record, whole or not at all. A place has one vault, an identity may have several.
    /// - Throws: `notAccessible`.
    func remember(_ vault: VaultPin, at key: Key) throws(VaultError) {
        var lines: [String]
        switch key {
        case .path(let path):
            lines = ["# the vault at " + path.replacing("\n", with: "?")]
        case .identity:
            lines = ["# the vaults that an identity opened"]
            for known in (try? vaults(at: key)) ?? [] where known != vault { lines += Self.lines(for: known) }
        }
        lines += Self.lines(for: vault)
        let path = path(of: key)
        let draft = path + ".\(Hexadecimal.text(Randomness.bytes(8))).draft"
        do throws(VaultError) {
            _ = try StateFile.with(draft, for: .changing) { file throws(VaultError) in
                try file.write(Array((lines.joined(separator: "\n") + "\n").utf8), at: 0)
                try file.sync()
            }
            guard rename(draft, path) == 0 else { throw .notAccessible(path: path, errno: errno) }
        } catch {
            unlink(draft)
            throw error
        }
    }

    /// As people know it, and as it is read: quickly, at every start.
    private static func lines(for vault: VaultPin) -> [String] { ["# \(vault)", vault.hexadecimal] }

    private func path(of key: Key) -> String { directory + "/" + key.fileName + ".vault" }
}
