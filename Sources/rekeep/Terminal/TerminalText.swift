import Sealing

/// Makes texts from outside safe to show: a terminal obeys some characters, and others change the order or the place in
/// which the rest is seen. Every text that is printed comes by here, whatever it is made of.
enum TerminalText {
    /// Control characters (C0, DEL, C1), those that set the direction of writing, line and paragraph separators, and
    /// what else has no look of its own, but for the two joiners that scripts and emoji are written with.
    static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: return true
        case .format: return scalar.value != 0x200C && scalar.value != 0x200D
        default: return false
        }
    }

    /// The text with harmful characters spelled out, such as `\u{1B}`.
    /// - Parameter keepingLines: line feeds stay, because the text has lines of its own.
    static func clean(_ text: String, keepingLines: Bool = false) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        guard !isPlain, text.unicodeScalars.contains(where: isHarmful) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isHarmful(scalar), !(keepingLines && scalar == "\n") {
                result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// As the other, for a secret, where it lies. Bytes that are no UTF-8 are spelled out too.
    static func clean(_ secret: SecretBytes, keepingLines: Bool) -> SecretBytes {
        var result = SecretWriter(capacity: secret.count)
        secret.withBytes { bytes in
            scan(bytes) { scalar, piece in
                guard let scalar, !isHarmful(scalar) || (keepingLines && scalar == "\n") else {
                    let values = scalar.map { [$0.value] } ?? piece.map { UInt32($0) }
                    for value in values {
                        result.append(
                            Array("\\u{".utf8) + Array(String(value, radix: 16, uppercase: true).utf8) + [125])
                    }
                    return
                }
                result.append(piece)
            }
        }
        return result.finish()
    }

    /// A JSON document, whose harmful characters can only stand in its texts, with those escaped as RFC 8259 says: every
    /// reader gets the same texts.
    static func cleanJSON(_ document: SecretBytes) -> SecretBytes {
        var result = SecretWriter(capacity: document.count)
        document.withBytes { bytes in
            scan(bytes) { scalar, piece in
                guard let scalar, isHarmful(scalar) else { return result.append(piece) }
                result.append(escape(scalar))
            }
        }
        return result.finish()
    }

    /// `\u001b`; two of them beyond U+FFFF.
    static func escape(_ scalar: Unicode.Scalar) -> [UInt8] {
        String(scalar).utf16.flatMap { unit in
            let digits = String(unit, radix: 16)
            return Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
        }
    }

    /// Goes over UTF-8 without making a `String` of it.
    /// - Parameter take: gets each character and its bytes; nil for bytes that are none.
    private static func scan(
        _ bytes: UnsafeRawBufferPointer, _ take: (Unicode.Scalar?, UnsafeRawBufferPointer) -> Void
    ) {
        var start = 0
        while start < bytes.count {
            var iterator = bytes[start...].makeIterator()
            var decoder = UTF8()
            let scalar: Unicode.Scalar? =
                if case .scalarValue(let scalar) = decoder.decode(&iterator) { scalar } else { nil }
            let end = start + (scalar.map { UTF8.width($0) } ?? 1)
            take(scalar, UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            start = end
        }
    }
}
