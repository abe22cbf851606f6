internal import Sealing

/// Ruby's dotenv. Source: lib/dotenv/parser.rb of 2.4, which reads line by line, and of 3.1, which does not.
struct RubyReader: DotenvReader {
    let name = "ruby"
    let knowsExport = true

    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        let (hasQuote, hasCommand) = value.withBytes { bytes in
            (
                bytes.contains(.singleQuote),
                bytes.indices.dropLast().contains { bytes[$0] == .dollar && bytes[$0 + 1] == UInt8(ascii: "(") }
            )
        }
        if !hasQuote { return Spelling.quoted(value, by: .singleQuote) }
        if hasCommand { throw UnencodableValue(reason: .quotes) }
        return Spelling.escaped(value, escaping: "\\\"$")
    }

    func read(_ content: UnsafeRawBufferPointer, wanting names: Set<String>) -> DotenvReading {
        let text = DotenvText(bytes: content)
        var reading = DotenvReading()
        for (line, _) in text.lines() {
            let trimmed = text.trimmed(line)
            guard let first = trimmed.first, text[first] != .hash else { continue }
            do throws(DotenvFailure) {
                if let statement = try statement(trimmed, line, text, names) { reading.statements.append(statement) }
            } catch {
                reading.failure = error
                return reading
            }
        }
        return reading
    }

    /// `[export ]NAME = VALUE`, or with a colon.
    private func statement(
        _ line: Range<Int>, _ range: Range<Int>, _ text: DotenvText, _ names: Set<String>
    ) throws(DotenvFailure) -> DotenvStatement? {
        func failure(_ trouble: DotenvTrouble) -> DotenvFailure {
            DotenvFailure(position: line.lowerBound, trouble: trouble)
        }
        var position = line.lowerBound
        let isExport =
            text.hasPrefix("export", at: position) && text.at(position + 6).map(DotenvText.isBlank) == true
        if isExport { position = text.first(from: position + 6) { !DotenvText.isBlank($0) } }
        let keyEnd = text.first(from: position, to: line.upperBound) {
            !DotenvText.isNameByte($0) && $0 != UInt8(ascii: ".")
        }
        let name = text.text(position..<keyEnd)
        position = text.first(from: keyEnd, to: line.upperBound) { !DotenvText.isBlank($0) }
        let isColon = text.at(keyEnd) == UInt8(ascii: ":") && text.at(keyEnd + 1).map(DotenvText.isSpace) == true
        guard !name.isEmpty, position < line.upperBound, text[position] == .equals || isColon else {
            // `export` of a name that is not set is an error.
            if isExport || text.holds("export", in: line) { throw failure(.syntax) }
            return nil
        }
        position = text.first(from: (isColon ? keyEnd : position) + 1, to: line.upperBound) { !DotenvText.isBlank($0) }
        let value = try self.value(position..<line.upperBound, text, isWanted: names.contains(name), failure)
        return DotenvStatement(name: name, range: range, value: value)
    }

    private func value(
        _ range: Range<Int>, _ text: DotenvText, isWanted: Bool, _ failure: (DotenvTrouble) -> DotenvFailure
    ) throws(DotenvFailure) -> DotenvValue {
        if range.indices.dropLast().contains(where: { text[$0] == .dollar && text[$0 + 1] == UInt8(ascii: "(") }),
            text[range.lowerBound] != .singleQuote
        {
            throw failure(.command)
        }
        guard let first = range.first.map({ text[$0] }), first != .hash else { return .literal(SecretBytes([])) }
        var inner = range
        if [.singleQuote, .doubleQuote, .backtick].contains(first) {
            var end = range.lowerBound + 1
            while end < range.upperBound, text[end] != first {
                end += first != .backtick && text[end] == .backslash && end + 1 < range.upperBound ? 2 : 1
            }
            // Newer versions look for its end in the lines behind.
            guard end < range.upperBound else { throw failure(.openQuote) }
            let behind = text.first(from: end + 1, to: range.upperBound) { !DotenvText.isBlank($0) }
            guard behind >= range.upperBound || text[behind] == .hash else { throw failure(.syntax) }
            guard first != .backtick else { return .unknown }
            inner = range.lowerBound + 1..<end
        } else {
            let end = text.first(from: range.lowerBound, to: range.upperBound) { $0 == .hash }
            inner = range.lowerBound..<text.trimmedEnd(range.lowerBound..<end)
        }
        return isWanted ? unescaped(inner, quote: first, text) : .unknown
    }

    private func unescaped(_ range: Range<Int>, quote: UInt8, _ text: DotenvText) -> DotenvValue {
        // In single quotes everything is literal, but versions differ in what ends them.
        if quote == .singleQuote { return .literal(text.secret(range)) }
        // These two become line breaks first, also behind another backslash.
        if quote == .doubleQuote,
            range.dropLast().contains(where: { text[$0] == .backslash && "nr".utf8.contains(text[$0 + 1]) })
        {
            return .unknown
        }
        var value = SecretWriter(capacity: range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            var byte = text[index]
            if byte == .backslash {
                guard quote == .doubleQuote, index + 1 < range.upperBound,
                    [.backslash, .doubleQuote, .dollar].contains(text[index + 1])
                else { return .unknown }
                index += 1
                byte = text[index]
            } else if byte == .dollar {
                return .unknown
            }
            value.append(byte)
            index += 1
        }
        return .literal(value.finish())
    }
}
