internal import Sealing

/// The spelling of values that every common `.env` reader gives back unchanged; docs/dotenv.md has the
/// measurements. What has no such spelling is refused.
enum UniversalSpelling {
    static func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        let traits = Traits(value)
        if let reason = traits.refusal { throw UnencodableValue(reason: reason) }
        if traits.hasSeparator { throw UnencodableValue(reason: .lineBreak) }
        if traits.isBare { return value }
        if traits.fitsSingleQuotes { return Spelling.quoted(value, by: .singleQuote) }
        if traits.fitsDoubleQuotes { return Spelling.quoted(value, by: .doubleQuote) }
        throw UnencodableValue(reason: .quotes)
    }

    /// Why no `.env` file can hold the value on a line, whoever reads it; nil where some reader's can.
    static func refusal(_ value: SecretBytes) -> Unencodable? { Traits(value).refusal }

    /// What matters of a value, found in one pass.
    private struct Traits {
        var refusal: Unencodable?
        /// NEXT LINE or one of the two separators: they end a line for readers that split in Unicode.
        var hasSeparator = false
        var isBare = true
        var fitsSingleQuotes = true
        var fitsDoubleQuotes = true

        init(_ value: SecretBytes) {
            value.withBytes { bytes in
                if Spelling.firstInvalid(in: bytes) != nil { refusal = .notUTF8 }
                var previous: UInt8 = 0
                for (index, byte) in bytes.enumerated() {
                    inspect(byte, after: previous, isFirst: index == 0, isLast: index == bytes.count - 1)
                    previous = byte
                }
                for index in bytes.indices.dropLast() {
                    let isNextLine = bytes[index] == 0xC2 && bytes[index + 1] == 0x85
                    let isSeparator =
                        index + 2 < bytes.count && bytes[index] == 0xE2 && bytes[index + 1] == 0x80
                        && (bytes[index + 2] == 0xA8 || bytes[index + 2] == 0xA9)
                    if isNextLine || isSeparator { hasSeparator = true }
                }
            }
        }

        private mutating func inspect(_ byte: UInt8, after previous: UInt8, isFirst: Bool, isLast: Bool) {
            switch byte {
            case 0: refusal = .zeroByte
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): refusal = .lineBreak
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                return
            case .equals:
                // Behind a colon, too, zsh takes the path of the command that is named next.
                if isFirst || previous == UInt8(ascii: ":") { isBare = false }
            default: if !"_./:@%+,-".utf8.contains(byte) { isBare = false }
            }
            switch byte {
            case UInt8(ascii: "'"): fitsSingleQuotes = false
            case UInt8(ascii: "\\"):
                fitsDoubleQuotes = false
                if isLast || previous == byte { fitsSingleQuotes = false }
            case UInt8(ascii: "{"): if previous == UInt8(ascii: "$") { fitsSingleQuotes = false }
            case UInt8(ascii: "\""):
                fitsDoubleQuotes = false
                if previous == UInt8(ascii: "=") { fitsSingleQuotes = false }
            case UInt8(ascii: "$"), UInt8(ascii: "`"): fitsDoubleQuotes = false
            default: break
            }
        }
    }
}
