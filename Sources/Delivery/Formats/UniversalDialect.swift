internal import Sealing

/// The spelling of values that every common `.env` reader gives back unchanged; docs/dotenv.md has the
/// measurements. What has no such spelling is refused.
struct UniversalDialect: DotenvDialect {
    static let name = "universal"

    var name: String { Self.name }

    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        let traits = Traits(value)
        if let reason = traits.refusal { throw UnencodableValue(reason: reason) }
        if traits.isBare { return value }
        if traits.fitsSingleQuotes { return Self.quoted(value, by: UInt8(ascii: "'")) }
        if traits.fitsDoubleQuotes { return Self.quoted(value, by: UInt8(ascii: "\"")) }
        throw UnencodableValue(reason: .quotes)
    }

    func decode(_ spelling: UnsafeRawBufferPointer) -> SecretBytes? {
        let quotes: Set<UInt8> = [UInt8(ascii: "'"), UInt8(ascii: "\"")]
        if let first = spelling.first, quotes.contains(first) {
            guard spelling.count >= 2, spelling.last == first else { return nil }
            let inner = UnsafeRawBufferPointer(rebasing: spelling.dropFirst().dropLast())
            let value = SecretBytes(copying: inner)
            let traits = Traits(value)
            let fits = first == UInt8(ascii: "'") ? traits.fitsSingleQuotes : traits.fitsDoubleQuotes
            return traits.refusal == nil && fits ? value : nil
        }
        let value = SecretBytes(copying: spelling)
        return Traits(value).isBare ? value : nil
    }

    private static func quoted(_ value: SecretBytes, by quote: UInt8) -> SecretBytes {
        var spelling = SecretWriter(capacity: value.count + 2)
        spelling.append(quote)
        value.withBytes { spelling.append($0) }
        spelling.append(quote)
        return spelling.finish()
    }

    /// What matters of a value, found in one pass.
    private struct Traits {
        var refusal: Unencodable?
        var isBare = true
        var fitsSingleQuotes = true
        var fitsDoubleQuotes = true

        init(_ value: SecretBytes) {
            value.withBytes { bytes in
                if !Self.isUTF8(bytes) { refusal = .notUTF8 }
                var previous: UInt8 = 0
                for (index, byte) in bytes.enumerated() {
                    inspect(byte, after: previous, isFirst: index == 0, isLast: index == bytes.count - 1)
                    previous = byte
                }
                // NEXT LINE and the two separators end a line for readers that split in Unicode.
                for index in bytes.indices.dropLast() {
                    let isNextLine = bytes[index] == 0xC2 && bytes[index + 1] == 0x85
                    let isSeparator =
                        index + 2 < bytes.count && bytes[index] == 0xE2 && bytes[index + 1] == 0x80
                        && (bytes[index + 2] == 0xA8 || bytes[index + 2] == 0xA9)
                    if isNextLine || isSeparator { refusal = .lineBreak }
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
            case UInt8(ascii: "="): if isFirst { isBare = false }
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

        private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
            var iterator = bytes.makeIterator()
            var decoder = UTF8()
            while true {
                switch decoder.decode(&iterator) {
                case .scalarValue: continue
                case .emptyInput: return true
                case .error: return false
                }
            }
        }
    }
}

/// A value that has no spelling in the dialect.
struct UnencodableValue: Error, Equatable {
    let reason: Unencodable
}
