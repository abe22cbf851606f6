internal import Sealing

/// Which vault is meant: its id, which anybody can copy, and a mark that no other vault can show. Not secret.
public struct VaultPin: Hashable, Sendable, CustomStringConvertible {
    private static let prefix = "REKEEP-VAULT-1-"
    private static let count = 32

    /// 16 bytes.
    public let id: [UInt8]
    /// 16 bytes, from the anchor: it stays when the vault is re-keyed.
    private let mark: [UInt8]

    init(id: [UInt8], anchor: SecretBytes) {
        self.id = id
        mark = KeyedHash.hash(Array("rekeep vault mark".utf8) + id, key: anchor, count: 16)
    }

    /// Reads what `description` gives; nil when it is something else, or has a wrong character.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        self.init(code: SecretBytes(text.dropFirst(Self.prefix.count).utf8))
    }

    /// Reads what follows the prefix.
    init?(code: SecretBytes) {
        guard let bytes = GroupedCode.decode(code, count: Self.count)?.withBytes({ Array($0) }) else { return nil }
        id = Array(bytes[..<16])
        mark = Array(bytes[16...])
    }

    /// Reads what `hexadecimal` gives.
    init?(hexadecimal: ArraySlice<UInt8>) {
        guard let bytes = Hexadecimal.bytes(hexadecimal), bytes.count == Self.count,
            Hexadecimal.text(bytes).utf8.elementsEqual(hexadecimal)
        else { return nil }
        id = Array(bytes[..<16])
        mark = Array(bytes[16...])
    }

    /// Id and mark, for a machine.
    var hexadecimal: String { Hexadecimal.text(id + mark) }

    /// As people and identity files pass it on.
    public var description: String {
        Self.prefix + GroupedCode.encode(SecretBytes(id + mark)).withBytes { String(decoding: $0, as: UTF8.self) }
    }
}
