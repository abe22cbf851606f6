internal import Credentials
internal import Sealing

/// A paste without the blanks round it, looked at where it lies.
struct PastedLine {
    let bytes: SecretBytes

    /// Nil for nothing.
    init?(_ value: SecretBytes) {
        let range = value.withBytes { bytes -> Range<Int>? in
            guard let first = bytes.firstIndex(where: { $0 > 0x20 }), let last = bytes.lastIndex(where: { $0 > 0x20 })
            else { return nil }
            return first..<last + 1
        }
        guard let range else { return nil }
        bytes = value[range]
    }

    /// Capital or not.
    func isSame(as other: SecretBytes) -> Bool {
        bytes.count == other.count
            && bytes.withBytes { left in
                other.withBytes { right in zip(left, right).allSatisfy { Self.small($0) == Self.small($1) } }
            }
    }

    /// One word with an @ and a dot behind it.
    var isEmail: Bool {
        bytes.withBytes { bytes in
            guard let at = bytes.firstIndex(of: UInt8(ascii: "@")), at > 0, bytes.allSatisfy({ $0 > 0x20 }),
                bytes[(at + 1)...].allSatisfy({ Self.isNameByte($0) || $0 == UInt8(ascii: ".") })
            else { return false }
            let dot = bytes[(at + 1)...].lastIndex(of: UInt8(ascii: "."))
            // The last part is a domain's, which has letters only.
            return dot.map { dot in
                dot > at + 1 && bytes.count - dot > 2
                    && bytes[(dot + 1)...].allSatisfy { Self.isLetterOrDigit($0) && $0 > 57 }
            } ?? false
        }
    }

    var isURL: Bool { ["http://", "https://", "www."].contains { begins(with: $0) } }

    /// What a panel shows instead of a secret.
    var isMasked: Bool {
        let marks: [[UInt8]] = ["*", "\u{2022}", "\u{25CF}", "\u{00B7}"].map { Array($0.utf8) }
        return bytes.withBytes { bytes in
            marks.contains { mark in
                bytes.count % mark.count == 0 && bytes.indices.allSatisfy { bytes[$0] == mark[$0 % mark.count] }
            }
        }
    }

    /// An answer to a question that is not asked here.
    var isAnswer: Bool { ["y", "yes", "n", "no"].contains { begins(with: $0) && bytes.count == $0.utf8.count } }

    func isLabel(of field: Field) -> Bool {
        [field.label, field.name, field.label + ":"].contains {
            begins(with: $0.lowercased()) && bytes.count == $0.utf8.count
        }
    }

    /// A command line with the key somewhere in it.
    var isCommand: Bool { begins(with: "curl ") || begins(with: "rekeep ") }

    /// What was pasted twice in a row.
    var half: SecretBytes? {
        let count = bytes.count / 2
        let isDoubled = bytes.withBytes { bytes in
            bytes.count >= 32 && bytes.count % 2 == 0 && bytes.prefix(count).elementsEqual(bytes.suffix(count))
        }
        return isDoubled ? bytes[0..<count] : nil
    }

    /// What stands behind a value and a colon.
    func behind(_ value: SecretBytes) -> SecretBytes? {
        guard bytes.count > value.count + 1, let first = PastedLine(bytes[0..<value.count]), first.isSame(as: value),
            bytes.withBytes({ $0[value.count] == UInt8(ascii: ":") })
        else { return nil }
        return PastedLine(bytes[value.count + 1..<bytes.count])?.bytes
    }

    private func begins(with small: String) -> Bool {
        bytes.withBytes { bytes in
            bytes.count >= small.utf8.count && zip(bytes, small.utf8).allSatisfy { Self.small($0) == $1 }
        }
    }

    /// The values behind labels that name a field, in their order.
    func labelled(_ fields: [Field]) -> [(field: Field, value: SecretBytes)] {
        var marks: [(field: Field, start: Int, value: Int)] = []
        bytes.withBytes { bytes in
            var position = 0
            while position < bytes.count {
                if let (field, value) = label(in: bytes, at: position, fields) {
                    marks.append((field, position, value))
                    position = value
                } else if marks.isEmpty, !isCommand {
                    // Only what begins with a label is a list of them; in a command line one may stand anywhere.
                    return
                } else {
                    position = bytes[position...].firstIndex(where: Self.isGap).map { $0 + 1 } ?? bytes.count
                }
            }
        }
        var parts: [(field: Field, value: SecretBytes)] = []
        for (index, mark) in marks.enumerated() {
            let end = index + 1 < marks.count ? marks[index + 1].start : bytes.count
            guard let value = PastedLine(bytes[mark.value..<max(mark.value, end)]) else { continue }
            parts.append((mark.field, value.bytes.unquoted.withoutEnd(of: Array(",;}".utf8))))
        }
        return parts
    }

    /// A label with a colon or an equals sign behind it.
    /// - Returns: the field that it names, and where the value begins.
    private func label(
        in bytes: UnsafeRawBufferPointer, at start: Int, _ fields: [Field]
    ) -> (Field, Int)? {
        // What is no label is the secret itself: it is written nowhere but in locked memory.
        var name = SecretWriter(capacity: 64)
        var position = start
        func skip(_ isSkipped: (UInt8) -> Bool) {
            while position < bytes.count, isSkipped(bytes[position]) { position += 1 }
        }
        skip { $0 <= 0x20 || $0 == UInt8(ascii: "{") || Self.isQuote($0) }
        if bytes[position...].starts(with: "export ".utf8) { position += 7 }
        skip { $0 == 0x20 }
        let first = position
        var isOneWord = true
        while position < bytes.count, position - start < 64 {
            let byte = bytes[position]
            if byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=") { break }
            guard Self.isNameByte(byte) || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "_") || Self.isQuote(byte)
            else { return nil }
            if Self.isLetterOrDigit(byte) { name.append(Self.small(byte)) }
            if byte == UInt8(ascii: " "), name.count > 0 { isOneWord = false }
            position += 1
        }
        // `abc==` is the end of a key, not a name.
        guard position < bytes.count, position - start < 64, position + 1 < bytes.count,
            bytes[position + 1] != bytes[position]
        else { return nil }
        // A variable has the key, whatever it is called.
        let isVariable =
            bytes[position] == UInt8(ascii: "=") && bytes[first..<position].count > 2
            && bytes[first..<position].allSatisfy { Self.isCapitalOrDigit($0) || $0 == UInt8(ascii: "_") }
        let field =
            Self.field(named: name.finish(), isOneWord: isOneWord, fields)
            ?? (isVariable ? fields.first { $0.role == .key } : nil)
        return field.map { ($0, position + 1) }
    }

    private static let words = ["apikey", "token", "secret", "password", "authorization", "accesskey"]

    /// - Parameter isOneWord: other words may stand before the name in it, as in `X-API-KEY`.
    private static func field(named name: SecretBytes, isOneWord: Bool, _ fields: [Field]) -> Field? {
        for field in fields {
            let names = [field.name, field.label].map { $0.lowercased().filter { $0.isLetter || $0.isNumber } }
            if names.contains(where: { ends(name, with: $0, isWhole: !isOneWord || $0.utf8.count < 5) }) {
                return field
            }
        }
        guard isOneWord else { return nil }
        let isKey = words.contains { ends(name, with: $0) } || (name.count <= 24 && ends(name, with: "key"))
        return isKey ? fields.first { $0.role == .key } : nil
    }

    private static func ends(_ name: SecretBytes, with word: String, isWhole: Bool = false) -> Bool {
        let count = word.utf8.count
        return (isWhole ? name.count == count : name.count >= count)
            && name.withBytes { $0.suffix(count).elementsEqual(word.utf8) }
    }

    private static func isGap(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";")
    }

    fileprivate static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

    private static func isCapitalOrDigit(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) && byte < 97 }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || byte == UInt8(ascii: "-") }

    private static func small(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
}

extension SecretBytes {
    /// Without the quotes round it, and what stands behind them: no key has one in it.
    fileprivate var unquoted: SecretBytes {
        let range = withBytes { bytes -> Range<Int> in
            let start = bytes.firstIndex { !PastedLine.isQuote($0) && $0 > 0x20 } ?? bytes.count
            return start..<(bytes[start...].firstIndex(where: PastedLine.isQuote) ?? bytes.count)
        }
        return self[range]
    }

    fileprivate func withoutEnd(of marks: [UInt8]) -> SecretBytes {
        let count = withBytes { bytes in bytes.lastIndex { !marks.contains($0) && $0 > 0x20 }.map { $0 + 1 } ?? 0 }
        return self[0..<count]
    }
}
