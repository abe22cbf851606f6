public import Credentials
public import Sealing

/// What a pasted secret is, when it is not the secret.
public enum Recognition {
    /// Refuses pasted values that can be told to be something else. Nothing of them is kept.
    /// - Parameter known: the plain values that the credential has.
    public static func judge(
        _ pasted: [String: SecretBytes], fields: [Field], known: FieldMap<String>
    ) throws(Hygiene.Refusal) {
        for field in fields where field.isSecret {
            guard let value = pasted[field.name], let text = Line(value) else { continue }
            for other in fields where !other.isSecret && other.role == .user {
                let plain = pasted[other.name] ?? known[other.name].map { SecretBytes($0.utf8) }
                if let plain, text.isSame(as: plain) { throw .isOtherField(field: field, other: other) }
                let pattern = field.pattern.flatMap(FieldPattern.init)
                // With the two exchanged, each is the other's: that has words of its own.
                if pattern == nil, let form = other.pattern.flatMap(FieldPattern.init), form.fits(text.bytes),
                    pasted[other.name].map(form.fits) ?? true
                {
                    throw .isOtherField(field: field, other: other)
                }
            }
            if text.isEmail { throw .email(field: field) }
            if text.isURL { throw .isURL(field: field) }
            let parts = text.labelled(fields)
            if !parts.isEmpty { throw .labelled(field: field, found: parts.map(\.field)) }
        }
    }

    /// The values that stand behind labels in a paste, such as `Reseller ID: … API key: …` or `API_KEY=…`.
    /// - Returns: by field name; nil when there are none.
    public static func takenApart(_ pasted: SecretBytes, fields: [Field]) -> [String: SecretBytes]? {
        guard let parts = Line(pasted)?.labelled(fields), !parts.isEmpty else { return nil }
        return Dictionary(parts.map { ($0.field.name, $0.value) }) { first, _ in first }
    }
}

/// A paste without the blanks round it, looked at where it lies.
private struct Line {
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
            return dot.map { $0 > at + 1 && bytes.count - $0 > 2 } ?? false
        }
    }

    var isURL: Bool {
        bytes.withBytes { bytes in
            ["http://", "https://"].contains { prefix in
                bytes.count > prefix.utf8.count && zip(bytes, prefix.utf8).allSatisfy { Self.small($0) == $1 }
            }
        }
    }

    /// The values behind labels that name a field, in their order.
    func labelled(_ fields: [Field]) -> [(field: Field, value: SecretBytes)] {
        var marks: [(field: Field, start: Int, value: Int)] = []
        bytes.withBytes { bytes in
            var place = 0
            while place < bytes.count {
                if let (field, value) = label(in: bytes, at: place, fields) {
                    marks.append((field, place, value))
                    place = value
                } else if marks.isEmpty {
                    // Only what begins with a label is a list of them.
                    return
                } else {
                    place = bytes[place...].firstIndex(where: Self.isGap).map { $0 + 1 } ?? bytes.count
                }
            }
        }
        var parts: [(field: Field, value: SecretBytes)] = []
        for (index, mark) in marks.enumerated() {
            let end = index + 1 < marks.count ? marks[index + 1].start : bytes.count
            guard let value = Line(bytes[mark.value..<max(mark.value, end)]) else { continue }
            parts.append((mark.field, value.bytes.withoutEnd(of: Array(",;".utf8))))
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
        var place = start
        while place < bytes.count, bytes[place] == UInt8(ascii: " ") { place += 1 }
        var isOneWord = true
        while place < bytes.count, place - start < 48 {
            let byte = bytes[place]
            if byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=") { break }
            guard Self.isNameByte(byte) || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "_") else { return nil }
            if Self.isLetterOrDigit(byte) { name.append(Self.small(byte)) }
            if byte == UInt8(ascii: " "), name.count > 0 { isOneWord = false }
            place += 1
        }
        // `abc==` is the end of a key, not a name.
        guard place < bytes.count, place - start < 48, place + 1 < bytes.count, bytes[place + 1] != bytes[place],
            let field = Self.field(named: name.finish(), isOneWord: isOneWord, fields)
        else { return nil }
        return (field, place + 1)
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

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || byte == UInt8(ascii: "-") }

    private static func small(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
}

extension SecretBytes {
    fileprivate func withoutEnd(of marks: [UInt8]) -> SecretBytes {
        let count = withBytes { bytes in bytes.lastIndex { !marks.contains($0) && $0 > 0x20 }.map { $0 + 1 } ?? 0 }
        return self[0..<count]
    }
}
