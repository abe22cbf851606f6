internal import Credentials
public import Sealing

/// What an identity file holds.
public struct Identity: Sendable {
    public let pair: KeyPair
    /// The vaults that it opens; none is every vault that has a slot for it.
    public let vaults: [VaultPin]

    public init(pair: KeyPair, vaults: [VaultPin] = []) {
        self.pair = pair
        self.vaults = vaults
    }
}

/// The private part of an identity slot, in a file that only its owner can read.
public enum IdentityFile {
    private static let prefix = Array("REKEEP-IDENTITY-1-".utf8)
    private static let publicPrefix = "REKEEP-PUBLIC-1-"
    private static let vaultPrefix = Array("REKEEP-VAULT-1-".utf8)

    /// The file's content, in locked memory.
    public static func content(for identity: Identity) -> SecretBytes {
        var content = SecretWriter()
        content.append("# rekeep identity: whoever reads this file can open the vault\n# public key: ")
        content.append(text(of: identity.pair.publicKey).utf8)
        content.append(UInt8(ascii: "\n"))
        content.append(prefix)
        GroupedCode.encode(identity.pair.secretKey).withBytes { content.append($0) }
        content.append(UInt8(ascii: "\n"))
        if !identity.vaults.isEmpty { content.append("# it opens this vault and no other\n") }
        for vault in identity.vaults {
            content.append(vault.description.utf8)
            content.append(UInt8(ascii: "\n"))
        }
        return content.finish()
    }

    /// Reads what `content(for:)` wrote; nil when it is not an identity, or a line that names a vault cannot be read.
    public static func identity(from content: SecretBytes) -> Identity? {
        var pair: KeyPair?
        var vaults: [VaultPin] = []
        for line in lines(of: content) {
            // A line that names a vault and is passed over would open every vault.
            if let code = rest(of: line, in: content, after: prefix) {
                guard pair == nil else { continue }
                guard let secretKey = GroupedCode.decode(content[code], count: KeyPair.keyCount) else { return nil }
                pair = KeyPair(secretKey: secretKey)
            } else if rest(of: line, in: content, after: vaultPrefix) != nil {
                let text = content[line].withBytes { String(decoding: $0, as: UTF8.self) }.uppercased()
                guard let vault = VaultPin(text) else { return nil }
                vaults.append(vault)
            }
        }
        return pair.map { Identity(pair: $0, vaults: vaults) }
    }

    /// A public key as people pass it on.
    public static func text(of publicKey: [UInt8]) -> String {
        publicPrefix + GroupedCode.encode(SecretBytes(publicKey)).withBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// The 32 bytes of a public key; nil when `text` is none, or has a wrong character.
    public static func publicKey(from text: String) -> [UInt8]? {
        guard text.hasPrefix(publicPrefix) else { return nil }
        let code = SecretBytes(text.dropFirst(publicPrefix.count).utf8)
        return GroupedCode.decode(code, count: KeyPair.keyCount)?.withBytes { Array($0) }
    }

    /// Where the lines lie, without blanks around them.
    private static func lines(of content: SecretBytes) -> [Range<Int>] {
        content.withBytes { bytes in
            var lines: [Range<Int>] = []
            var start = 0
            for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
                lines.append(start..<index)
                start = index + 1
            }
            lines.append(start..<bytes.count)
            func isBlank(_ index: Int) -> Bool { [0x20, 0x09, 0x0D].contains(bytes[index]) }
            return lines.map { line in
                let first = line.first { !isBlank($0) } ?? line.upperBound
                let last = line.last { !isBlank($0) } ?? first - 1
                return first..<last + 1
            }
        }
    }

    /// What follows `prefix` on a line that begins with it.
    private static func rest(of line: Range<Int>, in content: SecretBytes, after prefix: [UInt8]) -> Range<Int>? {
        let begins = content.withBytes { bytes in
            line.count >= prefix.count
                && zip(line, prefix).allSatisfy {
                    (97...122).contains(bytes[$0]) ? bytes[$0] - 32 == $1 : bytes[$0] == $1
                }
        }
        return begins ? line.lowerBound + prefix.count..<line.upperBound : nil
    }
}
