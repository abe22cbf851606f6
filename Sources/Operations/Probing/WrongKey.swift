internal import Credentials
internal import Providers
internal import Sealing

/// A key that is wrong by one character and right in every other way, for the negative control.
///
/// An inner character is changed: the first ones of a key often say what kind of key it is, and the last ones can be a
/// checksum of the rest, or hold bits that stand for nothing (the end of base64), so that another character there is the
/// same key, or one that is refused before anybody looks it up.
enum WrongKey {
    /// Nil when no single change keeps the form that the field's pattern wants.
    static func made(from key: SecretBytes, of field: Field) -> SecretBytes? {
        let pattern = field.pattern.flatMap { FieldPattern($0) }
        for position in positions(in: key) {
            let wrong = SecretBytes(count: key.count) { bytes in
                key.withBytes { bytes.copyMemory(from: $0) }
                bytes[position] = neighbour(of: bytes[position])
            }
            if wrong != key, pattern?.fits(wrong) ?? true { return wrong }
        }
        return nil
    }

    /// All places, from the best to the worst.
    private static func positions(in key: SecretBytes) -> [Int] {
        let body = body(of: key)
        let middle = body.lowerBound + body.count / 2
        let near = body.sorted { abs($0 - middle) < abs($1 - middle) }
        // The last resort: the end of a key whose inside has no letters and digits.
        return near + (0..<key.count).filter { !body.contains($0) }
    }

    /// What is neither the prefix that names the kind of key nor the end. Of several parts with dots between them, as a
    /// JSON web token has (RFC 7519), the last one, which signs the others.
    private static func body(of key: SecretBytes) -> Range<Int> {
        key.withBytes { bytes in
            var start = 0
            if let dot = bytes.lastIndex(of: UInt8(ascii: ".")), bytes.count - dot > 8 {
                start = dot + 1
            } else if let mark = bytes.prefix(bytes.count / 2).prefix(24)
                .lastIndex(where: { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") })
            {
                start = mark + 1
            }
            // As long as the checksums that are known: eight characters.
            let end = bytes.count - start >= 20 ? bytes.count - 8 : bytes.count - (bytes.count - start) / 3
            return start..<max(start, end)
        }
    }

    /// Another digit for a digit, another letter for a letter, and of a to f for one that could be hexadecimal.
    private static func neighbour(of byte: UInt8) -> UInt8 {
        for (first, last) in [(UInt8(ascii: "0"), UInt8(ascii: "9")), (97, 102), (103, 122), (65, 70), (71, 90)]
        where (first...last).contains(byte) {
            return byte == last ? first : byte + 1
        }
        return byte
    }
}
