public import Credentials

/// What can be told of a slot without opening it.
public struct SlotDescription: Hashable, Sendable {
    /// No two slots of a vault have the same.
    public let name: SlotName
    /// What opens it.
    public let kind: SlotKind
    /// 32 bytes.
    public let publicKey: [UInt8]
    /// By the clock of the machine that added it.
    public let addedAt: Timestamp
}

/// The ways to open a vault.
public enum SlotKind: UInt8, NamedValue {
    case passphrase = 1
    case identity = 2
    case recovery = 3
    case keyring = 4

    /// The spelling in commands and JSON; the usual name of a slot begins with it.
    public var name: String {
        switch self {
        case .passphrase: "passphrase"
        case .identity: "identity"
        case .recovery: "recovery"
        case .keyring: "keyring"
        }
    }
}

/// What people call a slot: 1 to 64 of the characters `A-Z a-z 0-9 . _ @ + -`, not beginning with `.`, `+` or `-`.
public struct SlotName: Hashable, Sendable, CustomStringConvertible {
    /// The name itself.
    public let description: String

    /// Nil unless `text` has that form.
    public init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, !".+-".utf8.contains(first),
            text.utf8.allSatisfy({ Self.isAllowed($0) })
        else { return nil }
        description = text
    }

    private static func isAllowed(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "._@+-".utf8.contains(character)
        }
    }

    /// The kind's own name, with a number behind it where that is taken.
    public static func free(for kind: SlotKind, among taken: [SlotName]) -> SlotName {
        var name = SlotName(of: kind, number: 1)
        var number = 1
        while taken.contains(name) {
            number += 1
            name = SlotName(of: kind, number: number)
        }
        return name
    }

    private init(of kind: SlotKind, number: Int) {
        description = number == 1 ? kind.name : "\(kind.name)-\(number)"
    }
}
