internal import Sealing

/// vlucas/phpdotenv, which Laravel uses. Source: src/Parser of 5.4 and 5.6.
struct PhpdotenvReader: DotenvReader {
    let name = "phpdotenv"
    let knowsExport = true

    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        Spelling.escaped(value, escaping: "\\\"$")
    }

    func read(_ content: UnsafeRawBufferPointer, wanting names: Set<String>) -> DotenvReading {
        let text = DotenvText(bytes: content)
        var reading = DotenvReading()
        var opened: Int?
        for (line, _) in text.lines() {
            let looksOpen = Self.looksOpen(line, text)
            if let start = opened ?? (looksOpen ? line.lowerBound : nil) {
                opened = start
                // A line of its own with a lone quote ends it too.
                let quotes = Self.quotes(in: line, text)
                let isLoneQuote = line.count == 1 && text[line.lowerBound] == .doubleQuote
                guard isLoneQuote || quotes > (looksOpen ? 1 : 0) else { continue }
                opened = nil
                take(start..<line.upperBound, text, names, &reading)
            } else {
                take(line, text, names, &reading)
            }
            if reading.failure != nil { return reading }
        }
        // What is never closed is left out without a word.
        if let opened { reading.failure = DotenvFailure(position: opened, trouble: .openQuote) }
        return reading
    }

    /// `="` without its end: the lines up to the next quote are a part of it.
    private static func looksOpen(_ line: Range<Int>, _ text: DotenvText) -> Bool {
        line.dropLast().contains { text[$0] == .equals && text[$0 + 1] == .doubleQuote }
            && quotes(in: line, text) <= 1 && !(line.count == 1 && text[line.lowerBound] == .doubleQuote)
    }

    /// Double quotes that follow something other than a backslash, once the doubled backslashes are out.
    private static func quotes(in line: Range<Int>, _ text: DotenvText) -> Int {
        var count = 0
        var previous: UInt8?
        var index = line.lowerBound
        while index < line.upperBound {
            if text[index] == .backslash, index + 1 < line.upperBound, text[index + 1] == .backslash {
                index += 2
                continue
            }
            if text[index] == .doubleQuote, let previous, previous != .backslash { count += 1 }
            previous = text[index]
            index += 1
        }
        return count
    }

    private static func isTrimmed(_ byte: UInt8) -> Bool {
        byte == 0 || DotenvText.isSpace(byte) && byte != 0x0C
    }

    private func take(_ range: Range<Int>, _ text: DotenvText, _ names: Set<String>, _ reading: inout DotenvReading) {
        let trimmed = text.trimmed(range, Self.isTrimmed)
        guard !trimmed.isEmpty, text[trimmed.lowerBound] != .hash else { return }
        let equals = text.first(from: range.lowerBound, to: range.upperBound) { $0 == .equals }
        var key = text.trimmed(range.lowerBound..<equals, Self.isTrimmed)
        // A name of one letter is too short for it.
        if key.count > 8, text.hasPrefix("export", at: key.lowerBound), DotenvText.isSpace(text[key.lowerBound + 6]) {
            key = text.trimmed(key.lowerBound + 6..<key.upperBound, Self.isTrimmed)
        }
        if key.count >= 3, [.singleQuote, .doubleQuote].contains(text[key.lowerBound]),
            text[key.lowerBound] == text[key.upperBound - 1]
        {
            key = key.lowerBound + 1..<key.upperBound - 1
        }
        let isName = !key.isEmpty && key.allSatisfy { DotenvText.isNameByte(text[$0]) || text[$0] == UInt8(ascii: ".") }
        let value = text.trimmed(min(equals + 1, range.upperBound)..<range.upperBound, Self.isTrimmed)
        let name = text.text(key)
        guard isName, let found = Self.value(value, text, isWanted: names.contains(name)) else {
            reading.failure = DotenvFailure(position: trimmed.lowerBound, trouble: .syntax)
            return
        }
        // Without `=` there is a name alone, which takes away what was there.
        reading.statements.append(DotenvStatement(name: name, range: range, value: found))
    }

    private enum State { case initial, bare, single, double, space, comment }

    /// - Returns: nil for an error.
    private static func value(_ range: Range<Int>, _ text: DotenvText, isWanted: Bool) -> DotenvValue? {
        var value = SecretWriter(capacity: range.count)
        var state = State.initial
        var isKnown = true
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = text[index]
            index += 1
            switch (state, byte) {
            case (.comment, _): continue
            case (.initial, .singleQuote): state = .single
            case (.initial, .doubleQuote): state = .double
            case (.initial, .hash), (.bare, .hash), (.space, .hash): state = .comment
            case (.single, .singleQuote), (.double, .doubleQuote): state = .space
            case (.bare, _) where DotenvText.isSpace(byte): state = .space
            case (.space, _):
                guard DotenvText.isSpace(byte) else { return nil }
            case (.double, .backslash):
                guard index < range.upperBound else { return nil }
                let next = text[index]
                index += 1
                if [.doubleQuote, .backslash, .dollar].contains(next) {
                    value.append(next)
                } else if "fnrtv".utf8.contains(next) {
                    isKnown = false
                } else {
                    return nil
                }
            default:
                if state != .single, byte == .dollar, index < range.upperBound, text[index] == UInt8(ascii: "{") {
                    isKnown = false
                }
                if state == .initial { state = .bare }
                value.append(byte)
            }
        }
        if state == .single || state == .double { return nil }
        return isWanted && isKnown ? .literal(value.finish()) : .unknown
    }
}
