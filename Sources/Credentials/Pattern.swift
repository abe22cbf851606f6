/// A glob over addresses: `*` and `?` stay inside one part, `**` crosses slashes (`*/live/*`, `whmcs/**`).
public struct Pattern: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The text as it was given: 1 to 256 characters.
    public let description: String
    private let bytes: [UInt8]

    /// - Throws: `AddressError.malformedPattern` when a character occurs that no address can hold.
    public init(_ text: String) throws(AddressError) {
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.@/*?".utf8.contains(byte)
            }
        }
        guard allowed, !text.isEmpty, text.utf8.count <= 256 else { throw .malformedPattern(text) }
        description = text
        bytes = Array(text.utf8)
    }

    /// True when the whole of `address` fits. An address given as a pattern fits itself.
    public func matches(_ address: Address) -> Bool {
        Self.matches(bytes[...], Array(address.description.utf8)[...])
    }

    /// The number of characters that are not wild: the larger, the more specific the pattern.
    public var specificity: Int {
        bytes.count { $0 != UInt8(ascii: "*") && $0 != UInt8(ascii: "?") }
    }

    /// In the order of the texts.
    public static func < (left: Pattern, right: Pattern) -> Bool { left.description < right.description }

    /// Greedy matching that remembers only the last star of each kind, so that it takes no more than
    /// quadratic time on any pattern.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        let star = UInt8(ascii: "*")
        let slash = UInt8(ascii: "/")
        var at = pattern.startIndex
        var position = text.startIndex
        var single: (pattern: Int, text: Int)?
        var double: (pattern: Int, text: Int)?
        while position < text.endIndex || at < pattern.endIndex {
            if at < pattern.endIndex {
                if pattern[at] == star, at + 1 < pattern.endIndex, pattern[at + 1] == star {
                    at += 2
                    double = (at, position)
                    single = nil
                    continue
                }
                if pattern[at] == star {
                    at += 1
                    single = (at, position)
                    continue
                }
                if position < text.endIndex,
                    pattern[at] == text[position] || (pattern[at] == UInt8(ascii: "?") && text[position] != slash)
                {
                    at += 1
                    position += 1
                    continue
                }
            }
            if let retry = single, retry.text < text.endIndex, text[retry.text] != slash {
                single = (retry.pattern, retry.text + 1)
                at = retry.pattern
                position = retry.text + 1
            } else if let retry = double, retry.text < text.endIndex {
                double = (retry.pattern, retry.text + 1)
                single = nil
                at = retry.pattern
                position = retry.text + 1
            } else {
                return false
            }
        }
        return true
    }
}

extension [Pattern] {
    /// True when any pattern fits; no pattern at all means everything.
    public func match(_ address: Address) -> Bool {
        isEmpty || contains { $0.matches(address) }
    }
}
