internal import Sealing

/// symfony/dotenv. Source: `Dotenv::parse` of 5.4 and 7.
struct SymfonyReader: DotenvReader {
    let name = "symfony"
    let knowsExport = true

    /// Single quotes hold everything but themselves, which stand in double ones.
    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        var spelling = SecretWriter(capacity: value.count + 16)
        spelling.append(.singleQuote)
        value.withBytes { bytes in
            for byte in bytes {
                if byte == .singleQuote { spelling.append("'\"'\"'") } else { spelling.append(byte) }
            }
        }
        spelling.append(.singleQuote)
        return spelling.finish()
    }

    func read(_ content: UnsafeRawBufferPointer, wanting names: Set<String>) -> DotenvReading {
        var parser = Parser(text: DotenvText(bytes: content), names: names)
        do throws(DotenvFailure) {
            try parser.readFile()
        } catch {
            parser.result.failure = error
        }
        return parser.result
    }

    private struct Parser {
        let text: DotenvText
        let names: Set<String>
        var position = 0
        var result = DotenvReading()

        private func failure(_ trouble: DotenvTrouble, at place: Int) -> DotenvFailure {
            DotenvFailure(position: place, trouble: trouble)
        }

        mutating func readFile() throws(DotenvFailure) {
            skipEmptyLines()
            while position < text.count {
                let start = position
                let name = try readName()
                let value = try readValue(from: start, isWanted: names.contains(name))
                result.statements.append(DotenvStatement(name: name, range: start..<position, value: value))
                skipEmptyLines()
            }
        }

        private mutating func skipEmptyLines() {
            while let byte = text.at(position) {
                if byte == .hash {
                    position = text.first(from: position, where: DotenvText.endsLine)
                } else if DotenvText.isSpace(byte) {
                    position += 1
                } else {
                    return
                }
            }
        }

        private mutating func readName() throws(DotenvFailure) -> String {
            let start = position
            if text.hasPrefix("export", at: position), text.at(position + 6).map(DotenvText.isBlank) == true {
                position = text.first(from: position + 6) { !DotenvText.isBlank($0) }
            }
            let key = position..<text.first(from: position) { !DotenvText.isNameByte($0) }
            let letters = key.drop { text[$0] == UInt8(ascii: "_") }
            guard let first = letters.first, text[first] > UInt8(ascii: "9"), letters.count + 1 >= key.count,
                text.at(key.upperBound) == .equals
            else { throw failure(.syntax, at: start) }
            position = key.upperBound + 1
            return text.text(key)
        }

        /// Quoted pieces and bare ones, one behind the other.
        private mutating func readValue(from start: Int, isWanted: Bool) throws(DotenvFailure) -> DotenvValue {
            let end = text.first(from: position) { !DotenvText.isBlank($0) }
            if text.at(end).map({ DotenvText.endsLine($0) || $0 == .hash }) ?? true {
                position = text.first(from: end, where: DotenvText.endsLine)
                return .literal(SecretBytes([]))
            }
            guard end == position else { throw failure(.syntax, at: start) }
            var value = SecretWriter(capacity: 64)
            var isKnown = true
            while let byte = text.at(position), !DotenvText.endsLine(byte) {
                switch byte {
                case .singleQuote:
                    let close = text.first(from: position + 1) { $0 == .singleQuote }
                    guard close < text.count else { throw failure(.openQuote, at: start) }
                    for index in position + 1..<close { value.append(text[index]) }
                    position = close + 1
                case .doubleQuote: try readDoubleQuoted(from: start, into: &value, &isKnown)
                default:
                    if try readBare(from: start, into: &value, &isKnown) {
                        position = text.first(from: position, where: DotenvText.endsLine)
                    }
                }
            }
            return isWanted && isKnown ? .literal(value.finish()) : .unknown
        }

        private mutating func readDoubleQuoted(
            from start: Int, into value: inout SecretWriter, _ isKnown: inout Bool
        ) throws(DotenvFailure) {
            position += 1
            while let byte = text.at(position),
                byte != .doubleQuote || text[position - 1] == .backslash && text[position - 2] != .backslash
            {
                if byte == .dollar, text.at(position + 1) == UInt8(ascii: "(") { throw failure(.command, at: start) }
                if byte == .backslash || byte == .dollar { isKnown = false }
                value.append(byte)
                position += 1
            }
            guard position < text.count else { throw failure(.openQuote, at: start) }
            position += 1
        }

        /// - Returns: true when a comment follows.
        private mutating func readBare(
            from start: Int, into value: inout SecretWriter, _ isKnown: inout Bool
        ) throws(DotenvFailure) -> Bool {
            let begin = position
            var hasDollar = false
            while let byte = text.at(position), !DotenvText.endsLine(byte), byte != .singleQuote, byte != .doubleQuote,
                !(byte == .hash && DotenvText.isBlank(text[position - 1]))
            {
                if byte == .dollar {
                    hasDollar = true
                    if text.at(position + 1) == UInt8(ascii: "(") { throw failure(.command, at: start) }
                }
                if byte == .backslash {
                    isKnown = false
                    if let next = text.at(position + 1), next == .singleQuote || next == .doubleQuote { position += 1 }
                }
                position += 1
            }
            if hasDollar { isKnown = false }
            // Not a form feed, which then counts as a blank inside.
            let piece = begin..<text.trimmedEnd(begin..<position) { DotenvText.isSpace($0) && $0 != 0x0C }
            for index in piece { value.append(text[index]) }
            // With a dollar in it, it depends on what that comes to.
            if piece.contains(where: { DotenvText.isSpace(text[$0]) }) { throw failure(.syntax, at: start) }
            return text.at(position) == .hash
        }
    }
}
