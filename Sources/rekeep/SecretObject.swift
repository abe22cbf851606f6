import Sealing

/// Reads one JSON object of texts (RFC 8259), or of such objects, straight into locked memory: `{"api_key": "…"}`. A
/// general JSON library would leave copies of the values behind.
enum SecretObject {
    /// The texts by member name.
    /// - Parameter source: what to call the input in an error.
    static func texts(_ content: SecretBytes, source: String) throws(CommandError) -> [String: SecretBytes] {
        let parsed: [String: SecretBytes]? = content.withBytes { bytes in
            var parser = Parser(bytes: bytes)
            return parser.whole { $0.string() }
        }
        guard let parsed else { throw .notAnObject(source: source) }
        return parsed
    }

    /// The texts by member name, by the outer member's name.
    static func objects(
        _ content: SecretBytes, source: String
    ) throws(CommandError) -> [String: [String: SecretBytes]] {
        let parsed: [String: [String: SecretBytes]]? = content.withBytes { bytes in
            var parser = Parser(bytes: bytes)
            return parser.whole { $0.object { $0.string() } }
        }
        guard let parsed else { throw .notAnObjectOfObjects(source: source) }
        return parsed
    }

    private struct Parser {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        init(bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
        }

        /// Nil when the bytes are anything but one object of values, each name once.
        mutating func whole<Value>(_ value: (inout Parser) -> Value?) -> [String: Value]? {
            guard let result = object(value) else { return nil }
            skipSpace()
            return position == bytes.count ? result : nil
        }

        mutating func object<Value>(_ read: (inout Parser) -> Value?) -> [String: Value]? {
            var result: [String: Value] = [:]
            guard take("{") else { return nil }
            if !take("}") {
                repeat {
                    guard let name = string(), take(":"), let value = read(&self) else { return nil }
                    let key = name.withBytes { String(decoding: $0, as: UTF8.self) }
                    guard result.updateValue(value, forKey: key) == nil else { return nil }
                } while take(",")
                guard take("}") else { return nil }
            }
            return result
        }

        private mutating func skipSpace() {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func string() -> SecretBytes? {
            guard take("\"") else { return nil }
            var value = SecretWriter()
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                switch byte {
                case UInt8(ascii: "\""): return value.finish()
                case 0..<0x20: return nil
                case UInt8(ascii: "\\"):
                    guard escape(into: &value) else { return nil }
                default: value.append(byte)
                }
            }
            return nil
        }

        private mutating func escape(into value: inout SecretWriter) -> Bool {
            guard position < bytes.count else { return false }
            let escaped = bytes[position]
            position += 1
            switch escaped {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): value.append(escaped)
            case UInt8(ascii: "b"): value.append(8)
            case UInt8(ascii: "f"): value.append(12)
            case UInt8(ascii: "n"): value.append(10)
            case UInt8(ascii: "r"): value.append(13)
            case UInt8(ascii: "t"): value.append(9)
            case UInt8(ascii: "u"):
                guard let first = hexadecimal() else { return false }
                var code = UInt32(first)
                if (0xD800..<0xDC00).contains(code) {
                    guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                        bytes[position + 1] == UInt8(ascii: "u")
                    else { return false }
                    position += 2
                    guard let second = hexadecimal(), (0xDC00..<0xE000).contains(second) else { return false }
                    code = 0x10000 + (code - 0xD800) << 10 + UInt32(second) - 0xDC00
                }
                guard let scalar = Unicode.Scalar(code) else { return false }
                if let bytes = UTF8.encode(scalar) { value.append(bytes) }
            default: return false
            }
            return true
        }

        private mutating func hexadecimal() -> UInt16? {
            guard position + 4 <= bytes.count else { return nil }
            var value: UInt16 = 0
            for _ in 0..<4 {
                let byte = bytes[position]
                position += 1
                guard let digit = Hexadecimal.value(of: byte) else { return nil }
                value = value << 4 | UInt16(digit)
            }
            return value
        }
    }
}
