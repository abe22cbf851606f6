/// A line that sets one variable and does nothing else, as a person would write it.
struct DotenvLine {
    let name: String
    let isExport: Bool
    /// False where something stands behind the `=` that is not exactly one bare or quoted word, with at most a comment.
    let isPlain: Bool
    /// Without the blanks around it; nil where there is none.
    let comment: Range<Int>?

    /// - Parameter line: without its end.
    /// - Returns: nil for a line that does not begin with a name and `=`.
    init?(_ line: Range<Int>, in text: DotenvText) {
        let line = line.lowerBound..<text.trimmedEnd(line) { $0 == .carriageReturn }
        func skipBlanks(_ start: Int) -> Int {
            text.first(from: start, to: line.upperBound) { !DotenvText.isBlank($0) }
        }
        var position = skipBlanks(line.lowerBound)
        let behind = skipBlanks(position + 6)
        isExport = text.hasPrefix("export", at: position) && behind > position + 6 && behind < line.upperBound
        if isExport { position = behind }
        let nameEnd = text.first(from: position, to: line.upperBound) {
            !DotenvText.isNameByte($0) && $0 != UInt8(ascii: ".")
        }
        let equals = skipBlanks(nameEnd)
        guard nameEnd > position, equals < line.upperBound, text[equals] == .equals else { return nil }
        name = text.text(position..<nameEnd)
        let start = skipBlanks(equals + 1)
        guard let end = Self.endOfWord(start..<line.upperBound, in: text) else {
            (isPlain, comment) = (false, nil)
            return
        }
        let rest = skipBlanks(end)
        if rest == line.upperBound {
            (isPlain, comment) = (true, nil)
        } else if text[rest] == .hash, DotenvText.isBlank(text[rest - 1]) || start == end {
            comment = rest..<text.trimmedEnd(rest..<line.upperBound)
            // Without a value and a blank it may be a value itself.
            isPlain = DotenvText.isBlank(text[rest - 1]) || text.at(rest + 1).map(DotenvText.isSpace) ?? true
        } else {
            (isPlain, comment) = (false, nil)
        }
    }

    /// - Returns: nil where there is no word that all take for one.
    private static func endOfWord(_ range: Range<Int>, in text: DotenvText) -> Int? {
        guard let first = range.first.map({ text[$0] }), first != .hash else { return range.lowerBound }
        if [.singleQuote, .doubleQuote].contains(first) {
            var end = range.lowerBound + 1
            while end < range.upperBound, text[end] != first {
                end += first == .doubleQuote && text[end] == .backslash ? 2 : 1
            }
            return end < range.upperBound ? end + 1 : nil
        }
        let end = text.first(from: range.lowerBound, to: range.upperBound, where: DotenvText.isBlank)
        let isBare = text.bytes[range.lowerBound..<end].allSatisfy { !"'\"`\\;&|<>()".utf8.contains($0) }
        return isBare ? end : nil
    }
}
