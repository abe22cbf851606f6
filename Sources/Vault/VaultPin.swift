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
        guard hexadecimal.count == 2 * Self.count else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count)
        var position = hexadecimal.startIndex
        while position < hexadecimal.endIndex {
            guard let high = Self.value(of: hexadecimal[position]), let low = Self.value(of: hexadecimal[position + 1])
            else {
                return nil
            }
            bytes.append(high << 4 | low)
            position += 2
        }
        id = Array(bytes[..<16])
        mark = Array(bytes[16...])
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// Id and mark, for a machine.
    var hexadecimal: String { Hexadecimal.text(id + mark) }

    /// As people and identity files pass it on.
    public var description: String {
        Self.prefix + GroupedCode.encode(SecretBytes(id + mark)).withBytes { String(decoding: $0, as: UTF8.self) }
    }
}
