internal import Credentials
internal import Glibc
public import Sealing

/// The private part of an identity slot, in a file that only its owner can read.
public enum IdentityFile {
    private static let prefix = "REKEEP-IDENTITY-1-"

    /// The file's content for `pair`, in locked memory.
    public static func content(for pair: KeyPair) -> SecretBytes {
        var content = SecretWriter()
        content.append("# rekeep identity: whoever reads this file can open the vault\n")
        content.append("REKEEP-IDENTITY-1-")
        GroupedCode.encode(pair.secretKey).withBytes { content.append($0) }
        content.append(UInt8(ascii: "\n"))
        return content.finish()
    }

    /// Reads what `content(for:)` wrote; nil when it is not an identity.
    public static func pair(from content: SecretBytes) -> KeyPair? {
        var line = SecretWriter()
        var code: SecretBytes?
        content.withBytes { bytes in
            for byte in Array(bytes.indices) + [-1] {
                if byte >= 0, bytes[byte] != UInt8(ascii: "\n") {
                    line.append(bytes[byte])
                } else {
                    let text = line.finish()
                    line = SecretWriter()
                    if hasPrefix(text), code == nil { code = text[prefix.utf8.count..<text.count] }
                }
            }
        }
        return code.flatMap { GroupedCode.decode($0, count: KeyPair.keyCount) }.map(KeyPair.init(secretKey:))
    }

    private static func hasPrefix(_ line: SecretBytes) -> Bool {
        line.withBytes { $0.starts(with: prefix.utf8) }
    }
}
