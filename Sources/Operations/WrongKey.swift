internal import Credentials
internal import Providers
internal import Sealing

/// A key that is wrong by one character and right in every other way, for the negative control.
enum WrongKey {
    /// Nil when no single change keeps the form that the field's pattern wants.
    static func made(from key: SecretBytes, of field: Field) -> SecretBytes? {
        let pattern = field.pattern.flatMap { FieldPattern($0) }
        // From the end: the beginning of a key often says what kind of key it is.
        for position in (0..<key.count).reversed() {
            let wrong = SecretBytes(count: key.count) { bytes in
                key.withBytes { bytes.copyMemory(from: $0) }
                bytes[position] = neighbour(of: bytes[position])
            }
            if wrong != key, pattern?.fits(wrong) ?? true { return wrong }
        }
        return nil
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
