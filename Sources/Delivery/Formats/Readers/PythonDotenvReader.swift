internal import Sealing

/// python-dotenv. Source: dotenv/parser.py of 0.21 and 1.2.
struct PythonDotenvReader: DotenvReader {
    let name = "python-dotenv"
    let knowsExport = true

    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        // It looks for an end behind `\'`, as far as the last quote in the file.
        if value.withBytes({ $0.last == .backslash }) { throw UnencodableValue(reason: .quotes) }
        var spelling = SecretWriter(capacity: value.count + 16)
        spelling.append(.singleQuote)
        value.withBytes { bytes in
            for (index, byte) in bytes.enumerated() {
                if byte == .backslash || byte == .singleQuote { spelling.append(.backslash) }
                spelling.append(byte)
                // `${` begins the name of another variable, also in single quotes: one without a name stands for `$`.
                if byte == .dollar, index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "{") {
                    spelling.append("{:-$}")
                }
            }
        }
        spelling.append(.singleQuote)
        return spelling.finish()
    }

    func read(_ content: UnsafeRawBufferPointer, wanting names: Set<String>) -> DotenvReading {
        var parser = Parser(text: DotenvText(bytes: content), names: names)
        var reading = DotenvReading()
        while parser.position < content.count {
            if let statement = parser.readBinding() { reading.statements.append(statement) }
        }
        return reading
    }

    private struct Parser {
        let text: DotenvText
        let names: Set<String>
        var position = 0

        private static func isSpace(_ byte: UInt8) -> Bool {
            DotenvText.isSpace(byte) || (0x1C...0x1F).contains(byte)
        }
        private static func isBlank(_ byte: UInt8) -> Bool { isSpace(byte) && !DotenvText.endsLine(byte) }

        private mutating func skipBlanks() { position = text.first(from: position) { !Self.isBlank($0) } }

        /// - Returns: nil for what sets nothing: an error costs the rest of its line, not the file.
        mutating func readBinding() -> DotenvStatement? {
            position = text.first(from: position) { !Self.isSpace($0) }
            guard let first = text.at(position) else { return nil }
            let start = position
            if text.hasPrefix("export", at: position), text.at(position + 6).map(Self.isBlank) == true {
                position += 6
                skipBlanks()
            }
            var key = position..<position
            if first == .hash {
                position = text.first(from: position, where: DotenvText.endsLine)
                return nil
            }
            if text.at(position) == .singleQuote {
                let end = text.first(from: position + 1) { $0 == .singleQuote }
                guard end < text.count, end > position + 1 else { return skipLine() }
                key = position + 1..<end
                position = end + 1
            } else if text.at(position) != .hash {
                let end = text.first(from: position) { $0 == .equals || $0 == .hash || Self.isSpace($0) }
                guard end > position else { return skipLine() }
                key = position..<end
                position = end
            }
            skipBlanks()
            let name = text.text(key)
            var value = DotenvValue.unknown
            if text.at(position) == .equals {
                position += 1
                skipBlanks()
                guard let found = readValue(isWanted: names.contains(name)) else { return skipLine() }
                value = found
            }
            let end = text.first(from: position) { !Self.isBlank($0) }
            if text.at(end) == .hash { position = text.first(from: end, where: DotenvText.endsLine) }
            skipBlanks()
            guard text.at(position).map(DotenvText.endsLine) ?? true else { return skipLine() }
            return DotenvStatement(name: name, range: start..<position, value: value)
        }

        private mutating func skipLine() -> DotenvStatement? {
            position = text.first(from: position, where: DotenvText.endsLine)
            return nil
        }

        private mutating func readValue(isWanted: Bool) -> DotenvValue? {
            guard let quote = text.at(position), !DotenvText.endsLine(quote) else { return .literal(SecretBytes([])) }
            guard quote == .singleQuote || quote == .doubleQuote else {
                let end = text.first(from: position, where: DotenvText.endsLine)
                let whole = position..<end
                var value = whole
                position = end
                if let comment = value.dropFirst().first(where: { text[$0] == .hash && Self.isSpace(text[$0 - 1]) }) {
                    value = value.lowerBound..<comment
                }
                value = value.lowerBound..<text.trimmedEnd(value, Self.isSpace)
                let isKnown = !expands(value) && text.hasPlainEnds(value) && !hasDoubtfulHash(whole)
                return isWanted && isKnown ? .literal(text.secret(value)) : .unknown
            }
            var end = position + 1
            var lastEscaped: Int?
            while let byte = text.at(end), byte != quote {
                let isEscape = byte == .backslash && text.at(end + 1) == quote
                if isEscape { lastEscaped = end + 1 }
                end += isEscape ? 2 : 1
            }
            // Without another one, the last quote ends the value, also behind a backslash.
            if end >= text.count, let lastEscaped { end = lastEscaped }
            guard end < text.count else { return nil }
            let inner = position + 1..<end
            position = end + 1
            return isWanted ? unescaped(inner, quote: quote) : .unknown
        }

        /// - Returns: unknown for escapes that we never write.
        private func unescaped(_ range: Range<Int>, quote: UInt8) -> DotenvValue {
            var value = SecretWriter(capacity: range.count)
            var index = range.lowerBound
            while index < range.upperBound {
                var byte = text[index]
                if byte == .backslash, index + 1 < range.upperBound {
                    let next = text[index + 1]
                    if next == .backslash || next == .singleQuote || quote == .doubleQuote && next == .doubleQuote {
                        byte = next
                        index += 1
                    } else if quote == .doubleQuote {
                        return .unknown
                    }
                } else if text.hasPrefix("${:-$}", at: index), quote == .singleQuote {
                    index += 5
                } else if byte == .dollar, index + 1 < range.upperBound, text[index + 1] == UInt8(ascii: "{") {
                    return .unknown
                }
                value.append(byte)
                index += 1
            }
            return .literal(value.finish())
        }

        /// A comment begins behind white space, which can be beyond ASCII.
        private func hasDoubtfulHash(_ range: Range<Int>) -> Bool {
            range.dropFirst().contains { text[$0] == .hash && text[$0 - 1] >= 0x80 }
        }

        private func expands(_ range: Range<Int>) -> Bool {
            range.dropLast().contains { text[$0] == .dollar && text[$0 + 1] == UInt8(ascii: "{") }
        }
    }
}
