internal import Credentials
public import Sealing

/// What an identity file holds.
public struct Identity: Sendable {
    /// Its public key is the one that the slot has.
    public let pair: KeyPair
    /// The vaults that it opens; none is every vault that has a slot for it.
    public let vaults: [VaultPin]

    /// Without `vaults` it opens every vault that has a slot for it.
    public init(pair: KeyPair, vaults: [VaultPin] = []) {
        self.pair = pair
        self.vaults = vaults
    }
}

/// The private part of an identity slot, in a file that only its owner can read.
public enum IdentityFile {
    private static let prefix: StaticString = "REKEEP-IDENTITY-1-"
    private static let publicPrefix = "REKEEP-PUBLIC-1-"
    private static let vaultPrefix: StaticString = "REKEEP-VAULT-1-"

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

    /// Reads what `content(for:)` wrote; nil when it is not an identity, or a line that names a vault cannot be read: one
    /// that is passed over would let the identity open every vault.
    public static func identity(from content: SecretBytes) -> Identity? {
        var pair: KeyPair?
        var vaults: [VaultPin] = []
        // Plain loops: this is read at every start.
        var start = 0
        while start < content.count {
            let (line, next) = line(of: content, from: start)
            start = next
            if let code = rest(of: line, in: content, after: prefix) {
                guard pair == nil else { continue }
                guard let secretKey = GroupedCode.decode(content[code], count: KeyPair.keyCount) else { return nil }
                pair = KeyPair(secretKey: secretKey)
            } else if let code = rest(of: line, in: content, after: vaultPrefix) {
                guard let vault = VaultPin(code: content[code]) else { return nil }
                vaults.append(vault)
            }
        }
        guard let pair else { return nil }
        return Identity(pair: pair, vaults: vaults)
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

    /// Where the line lies that begins at `start`, without blanks around it, and where the next one begins.
    private static func line(of content: SecretBytes, from start: Int) -> (Range<Int>, next: Int) {
        content.withBytes { bytes in
            func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            var (first, last) = (start, end)
            while first < last, isBlank(bytes[first]) { first += 1 }
            while last > first, isBlank(bytes[last - 1]) { last -= 1 }
            return (first..<last, end + 1)
        }
    }

    /// What follows `prefix`, in upper or lower case, on a line that begins with it.
    private static func rest(of line: Range<Int>, in content: SecretBytes, after prefix: StaticString) -> Range<Int>? {
        let count = prefix.utf8CodeUnitCount
        guard line.count >= count else { return nil }
        let begins = content.withBytes { bytes in
            var index = 0
            while index < count {
                let byte = bytes[line.lowerBound + index]
                let upper = byte >= 97 && byte <= 122 ? byte - 32 : byte
                if upper != prefix.utf8Start[index] { return false }
                index += 1
            }
            return true
        }
        return begins ? line.lowerBound + count..<line.upperBound : nil
    }
}
