internal import Sealing

/// What the spellings of several readers share.
enum Spelling {
    /// The value between two quotes, with nothing escaped.
    static func quoted(_ value: SecretBytes, by quote: UInt8) -> SecretBytes {
        var spelling = SecretWriter(capacity: value.count + 2)
        spelling.append(quote)
        value.withBytes { spelling.append($0) }
        spelling.append(quote)
        return spelling.finish()
    }

    /// The value in double quotes, with a backslash before each of `special`.
    static func escaped(_ value: SecretBytes, escaping special: String) -> SecretBytes {
        var spelling = SecretWriter(capacity: value.count + 16)
        spelling.append(.doubleQuote)
        value.withBytes { bytes in
            for byte in bytes {
                if special.utf8.contains(byte) { spelling.append(.backslash) }
                spelling.append(byte)
            }
        }
        spelling.append(.doubleQuote)
        return spelling.finish()
    }

    /// Where the bytes stop being UTF-8; nil when they do not.
    static func firstInvalid(in bytes: UnsafeRawBufferPointer) -> Int? {
        var position = 0
        while position < bytes.count {
            if bytes[position] < 0x80 {
                position += 1
                continue
            }
            var decoder = UTF8()
            var iterator = bytes[position...].makeIterator()
            guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return position }
            position += UTF8.width(scalar)
        }
        return nil
    }
}

/// A value that has no spelling.
struct UnencodableValue: Error, Equatable {
    let reason: Unencodable
}
