internal import Sealing

/// Node's own `--env-file`. Source: `Dotenv::ParseContent` of Node 20 and 22, src/node_dotenv.cc.
struct NodeReader: DotenvReader {
    let name = "node"
    let knowsExport = true

    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        let quote: UInt8? = value.withBytes { bytes in
            if !bytes.contains(.singleQuote) { return .singleQuote }
            if !bytes.contains(.backtick) { return .backtick }
            // In double quotes `\n` is a line feed.
            return bytes.contains(.doubleQuote) || bytes.contains(.backslash) ? nil : .doubleQuote
        }
        guard let quote else { throw UnencodableValue(reason: .quotes) }
        return Spelling.quoted(value, by: quote)
    }

    private static func isTrimmed(_ byte: UInt8) -> Bool { byte == .space }

    func read(_ content: UnsafeRawBufferPointer, wanting names: Set<String>) -> DotenvReading {
        let text = DotenvText(bytes: content)
        var reading = DotenvReading()
        var position = 0
        func fail(_ trouble: DotenvTrouble, at place: Int) -> DotenvReading {
            reading.failure = DotenvFailure(position: place, trouble: trouble)
            return reading
        }
        while let byte = text.at(position) {
            if byte == .newline || byte == .carriageReturn {
                position += 1
                continue
            }
            // A line of blanks becomes a part of the next name; blanks before a name do not, but a tab does.
            let content = text.first(from: position) { !DotenvText.isBlank($0) && $0 != .carriageReturn }
            if content > position, text.at(content) ?? .newline == .newline { return fail(.syntax, at: position) }
            if byte == .hash {
                position = text.first(from: position) { $0 == .newline }
                continue
            }
            let start = position
            let equals = text.first(from: position) { $0 == .equals || $0 == .newline }
            // Versions differ in what they make of a line that sets nothing.
            guard text.at(equals) == .equals else { return fail(.syntax, at: start) }
            var key = text.trimmed(start..<equals, Self.isTrimmed)
            if text.hasPrefix("export ", at: key.lowerBound) {
                key = text.trimmed(key.lowerBound + 6..<key.upperBound, Self.isTrimmed)
            }
            guard !key.isEmpty else { return fail(.syntax, at: start) }
            let name = text.text(key)
            position = text.first(from: equals + 1) { !Self.isTrimmed($0) }
            let lineEnd = text.first(from: position) { $0 == .newline }
            var value = position..<lineEnd
            var isKnown = true
            if let quote = text.at(position), [.singleQuote, .doubleQuote, .backtick].contains(quote) {
                let close = text.first(from: position + 1) { $0 == quote }
                // Without an end it is a part of the value; versions differ in how much of the line is.
                guard close < text.count else { return fail(.openQuote, at: start) }
                value = position + 1..<close
                isKnown = quote != .doubleQuote || !value.contains { text[$0] == .backslash }
                position = text.first(from: close + 1) { $0 == .newline }
            } else {
                let hash = text.first(from: position, to: lineEnd) { $0 == .hash }
                value = text.trimmed(position..<hash, Self.isTrimmed)
                position = lineEnd
            }
            // A carriage return is dropped wherever it stands.
            isKnown = isKnown && !value.contains { text[$0] == .carriageReturn }
            reading.statements.append(
                DotenvStatement(
                    name: name, range: start..<position,
                    value: names.contains(name) && isKnown ? .literal(text.secret(value)) : .unknown))
        }
        return reading
    }
}
