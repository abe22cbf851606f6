public import Sealing

/// Bytes as a code that a person can copy from paper: Crockford's base 32 in groups of four, with a
/// 20-bit checksum in the last group. Lower case, spaces, and `O`, `I`, `L` for `0`, `1`, `1` are understood.
public enum GroupedCode {
    private static let alphabet: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    private static let checksumBytes = 3

    /// The code for `secret`, as ASCII in locked memory.
    public static func encode(_ secret: SecretBytes) -> SecretBytes {
        var code = SecretWriter()
        var characters = 0
        func append(
            _ bytes: UnsafeRawBufferPointer, bits total: Int, to code: inout SecretWriter, _ characters: inout Int
        ) {
            var position = 0
            while position < total {
                var value = 0
                for bit in position..<position + 5 {
                    let isSet = bit / 8 < bytes.count && bytes[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0
                    value = value << 1 | (isSet && bit < total ? 1 : 0)
                }
                if characters > 0, characters % 4 == 0 { code.append(UInt8(ascii: "-")) }
                code.append(alphabet.utf8Start[value])
                characters += 1
                position += 5
            }
        }
        secret.withBytes { append($0, bits: $0.count * 8, to: &code, &characters) }
        checksum(of: secret).withUnsafeBytes { append($0, bits: 20, to: &code, &characters) }
        return code.finish()
    }

    /// The `count` bytes that `code` stands for; nil when a character, the length or the checksum is wrong.
    public static func decode(_ code: SecretBytes, count: Int) -> SecretBytes? {
        let dataCharacters = (count * 8 + 4) / 5
        var result = SecretWriter(capacity: count + checksumBytes)
        var accumulator = 0
        var bits = 0
        var seen = 0
        let isValid = code.withBytes { bytes in
            for byte in bytes {
                guard let value = value(of: byte) else {
                    if byte == UInt8(ascii: "-") || byte == UInt8(ascii: " ") { continue }
                    return false
                }
                accumulator = (accumulator << 5 | value) & 0xFFF
                bits += 5
                seen += 1
                if bits >= 8 {
                    bits -= 8
                    result.append(UInt8(accumulator >> bits & 0xFF))
                }
                if seen == dataCharacters {
                    guard accumulator & ((1 << bits) - 1) == 0 else { return false }
                    bits = 0
                    accumulator = 0
                }
            }
            result.append(UInt8(bits == 4 ? (accumulator & 0xF) << 4 : 0))
            return seen == dataCharacters + 4
        }
        guard isValid, result.count == count + checksumBytes else { return nil }
        let all = result.finish()
        let secret = all[0..<count]
        guard all[count..<count + checksumBytes] == SecretBytes(checksum(of: secret)) else { return nil }
        return secret
    }

    private static func checksum(of secret: SecretBytes) -> [UInt8] {
        let key = KeyedHash.key(from: secret, label: Array("rekeep grouped code".utf8))
        var sum = key.withBytes { Array($0.prefix(checksumBytes)) }
        sum[2] &= 0xF0
        return sum
    }

    private static func value(of character: UInt8) -> Int? {
        let upper = character >= 97 && character <= 122 ? character - 32 : character
        switch upper {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default:
            for index in 0..<alphabet.utf8CodeUnitCount where alphabet.utf8Start[index] == upper { return index }
            return nil
        }
    }
}
