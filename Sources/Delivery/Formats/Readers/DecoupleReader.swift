internal import Sealing

/// python-decouple: a line is a line, whatever stands in it. Source: `RepositoryEnv` of decouple 3.8.
struct DecoupleReader: DotenvReader {
    let name = "decouple"
    let knowsExport = false

    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        // One pair of quotes is taken off, whatever is inside.
        Spelling.quoted(value, by: .singleQuote)
    }

    func read(_ content: UnsafeRawBufferPointer, wanting names: Set<String>) -> DotenvReading {
        let text = DotenvText(bytes: content)
        var reading = DotenvReading()
        for (line, _) in text.lines() {
            let trimmed = text.trimmed(line)
            let equals = text.first(from: trimmed.lowerBound, to: trimmed.upperBound) { $0 == .equals }
            guard !trimmed.isEmpty, text[trimmed.lowerBound] != .hash, equals < trimmed.upperBound else { continue }
            let name = text.text(text.trimmed(trimmed.lowerBound..<equals))
            var value = text.trimmed(equals + 1..<trimmed.upperBound)
            let isKnown = names.contains(name) && text.hasPlainEnds(value)
            if value.count >= 2, [.singleQuote, .doubleQuote].contains(text[value.lowerBound]),
                text[value.lowerBound] == text[value.upperBound - 1]
            {
                value = value.lowerBound + 1..<value.upperBound - 1
            }
            reading.statements.append(
                DotenvStatement(
                    name: name, range: line, value: isKnown ? .literal(text.secret(value)) : .unknown))
        }
        return reading
    }
}
