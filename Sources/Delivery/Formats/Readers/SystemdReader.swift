internal import Sealing

/// systemd's `EnvironmentFile=`. Source: `parse_env_file_internal` of systemd 252, src/basic/env-file.c.
struct SystemdReader: DotenvReader {
    let name = "systemd"
    let knowsExport = false

    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        Spelling.escaped(value, escaping: "\\\"$`")
    }

    func read(_ content: UnsafeRawBufferPointer, wanting names: Set<String>) -> DotenvReading {
        var parser = Parser(text: DotenvText(bytes: content), names: names)
        return parser.reading()
    }

    private struct Parser {
        let text: DotenvText
        let names: Set<String>
        var position = 0
        var result = DotenvReading()

        mutating func reading() -> DotenvReading {
            while position < text.count, result.failure == nil {
                if DotenvText.isSpace(text[position]) {
                    position += 1
                } else if text[position] == .hash || text[position] == UInt8(ascii: ";") {
                    comment()
                } else {
                    assignment()
                }
            }
            return result
        }

        /// A comment that ends in a backslash takes the next line with it, but not for systemd 254.
        private mutating func comment() {
            let end = text.first(from: position, where: DotenvText.endsLine)
            if text[end - 1] == .backslash {
                result.failure = DotenvFailure(position: position, trouble: .continuation)
            }
            position = end
        }

        private mutating func assignment() {
            let start = position
            let keyEnd = text.first(from: start) { DotenvText.endsLine($0) || $0 == .equals }
            position = keyEnd + 1
            guard text.at(keyEnd) == .equals else { return }
            let key = start..<text.trimmedEnd(start..<keyEnd)
            // Others are dropped before a service gets them.
            let isSet = text.isName(key)
            let name = isSet ? text.text(key) : ""
            var value = SecretWriter(capacity: 64)
            readValue(into: &value, isWanted: names.contains(name))
            guard isSet else { return }
            result.statements.append(
                DotenvStatement(
                    name: name, range: start..<min(position, text.count),
                    value: names.contains(name) ? .literal(value.finish()) : .unknown))
        }

        /// Quoted pieces and bare ones, one behind the other, to the end of the line.
        private mutating func readValue(into value: inout SecretWriter, isWanted: Bool) {
            func put(_ byte: UInt8) { if isWanted { value.append(byte) } }
            while position < text.count, !DotenvText.endsLine(text[position]) {
                switch text[position] {
                case .singleQuote:
                    let end = text.first(from: position + 1) { $0 == .singleQuote }
                    for index in position + 1..<max(position + 1, end) { put(text[index]) }
                    position = end + 1
                case .doubleQuote:
                    position += 1
                    while position < text.count, text[position] != .doubleQuote {
                        if text[position] == .backslash, let next = text.at(position + 1) {
                            if ![.doubleQuote, .backslash, .backtick, .dollar, .newline].contains(next) {
                                put(.backslash)
                            }
                            if next != .newline { put(next) }
                            position += 2
                        } else {
                            put(text[position])
                            position += 1
                        }
                    }
                    position += 1
                case let byte where DotenvText.isBlank(byte): position += 1
                default: return readBare(into: &value, isWanted: isWanted)
                }
            }
        }

        /// A bare piece is the last one: quotes in it are a part of it.
        private mutating func readBare(into value: inout SecretWriter, isWanted: Bool) {
            var blanks = position..<position
            while position < text.count, !DotenvText.endsLine(text[position]) {
                var byte = text[position]
                let isEscaped = byte == .backslash && position + 1 < text.count
                if isEscaped {
                    position += 1
                    byte = text[position]
                }
                position += 1
                if isEscaped, DotenvText.endsLine(byte) { continue }
                if !isEscaped, DotenvText.isBlank(byte) {
                    blanks = (blanks.isEmpty ? position - 1 : blanks.lowerBound)..<position
                    continue
                }
                if isWanted {
                    // Blanks count only when something follows.
                    for index in blanks { value.append(text[index]) }
                    value.append(byte)
                }
                blanks = position..<position
            }
        }
    }
}
