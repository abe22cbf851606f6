internal import Credentials
internal import Glibc
public import Sealing

/// The private part of an identity slot, in a file that only its owner can read.
public enum IdentityFile {
    private static let prefix: StaticString = "REKEEP-IDENTITY-1-"
    private static let publicPrefix = "REKEEP-PUBLIC-1-"

    /// The file's content for `pair`, in locked memory.
    public static func content(for pair: KeyPair) -> SecretBytes {
        var content = SecretWriter()
        content.append("# rekeep identity: whoever reads this file can open the vault\n# public key: ")
        for byte in text(of: pair.publicKey).utf8 { content.append(byte) }
        content.append(UInt8(ascii: "\n"))
        content.append(prefix)
        GroupedCode.encode(pair.secretKey).withBytes { content.append($0) }
        content.append(UInt8(ascii: "\n"))
        return content.finish()
    }

    /// Reads what `content(for:)` wrote; nil when it is not an identity.
    public static func pair(from content: SecretBytes) -> KeyPair? {
        guard let code = code(in: content), let secretKey = GroupedCode.decode(code, count: KeyPair.keyCount) else {
            return nil
        }
        return KeyPair(secretKey: secretKey)
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

    /// What follows the prefix on the first line that has it.
    private static func code(in content: SecretBytes) -> SecretBytes? {
        let range: Range<Int>? = content.withBytes { bytes in
            var start = 0
            while start < bytes.count {
                var end = start
                while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
                let count = prefix.utf8CodeUnitCount
                if end - start >= count, let base = bytes.baseAddress,
                    memcmp(base + start, prefix.utf8Start, count) == 0
                {
                    return start + count..<end
                }
                start = end + 1
            }
            return nil
        }
        return range.map { content[$0] }
    }
}
