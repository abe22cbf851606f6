internal import Sealing

/// A `.env` file as its readers read it. Everything that is not ours is kept byte for byte, and has to mean the same to
/// each of them after a change as before.
struct DotenvFile: ParsedTarget {
    let content: SecretBytes
    let format: DotenvFormat

    init(_ content: SecretBytes, format: DotenvFormat) {
        self.content = content
        self.format = format
    }

    func held(_ names: [String]) -> [String: HeldValue] { held(names, readings(of: content, Set(names))) }

    private func held(_ names: [String], _ readings: [DotenvReading]) -> [String: HeldValue] {
        var result: [String: HeldValue] = [:]
        for name in names {
            let found = zip(format.readers, readings).map { held(name, by: $0, $1) }
            let unreadable = found.first {
                if case .unreadable = $0 { true } else { false }
            }
            let other = found.firstIndex { $0 != found[0] }.map { HeldValue.misread(reader: format.readers[$0].name) }
            result[name] = unreadable ?? other ?? found[0]
        }
        return result
    }

    private func held(_ name: String, by reader: any DotenvReader, _ reading: DotenvReading) -> HeldValue {
        if let failure = reading.failure {
            return .unreadable(line: Self.line(of: failure.position, in: content), reader: reader.name, failure.trouble)
        }
        switch reading.value(of: name) {
        case .literal(let value)?: return .value(value)
        case .unknown?: return .otherSpelling
        case nil: return .absent
        }
    }

    private func readings(of content: SecretBytes, _ names: Set<String>) -> [DotenvReading] {
        content.withBytes { bytes in
            let text = DotenvText(bytes: bytes)
            var counts: [String: Int] = [:]
            for (range, _) in text.lines(endingAtReturn: false) {
                if let name = DotenvLine(range, in: text)?.name, names.contains(name) { counts[name, default: 0] += 1 }
            }
            // A name that is set so often is refused; its values would fill the memory that is locked.
            let wanted = names.filter { counts[$0, default: 0] <= Self.mostTimes }
            return format.readers.map { $0.reading(of: bytes, wanting: wanted) }
        }
    }

    private static let mostTimes = 16

    /// Counts from 1.
    private static func line(of position: Int, in content: SecretBytes) -> Int {
        content.withBytes { bytes in bytes[..<min(position, bytes.count)].count { $0 == .newline } + 1 }
    }

    func setting(
        _ variables: [Variable], removing abandoned: [String], path: String, opening: String
    ) throws(DeliveryError) -> SecretBytes {
        // Its readers disagree on what stands behind one.
        if content.withBytes({ $0.starts(with: [0xEF, 0xBB, 0xBF]) }) { throw .byteOrderMark(path: path) }
        // A line that is right for every reader stays as it is.
        let names = Set(variables.map(\.name) + abandoned)
        let before = readings(of: content, names)
        let held = held(variables.map(\.name), before)
        let wrong = variables.filter { held[$0.name] != .value($0.value) }
        let layout = content.withBytes { DotenvLayout(DotenvText(bytes: $0), before, wanting: names) }
        var lines: [Int: (DotenvLine, Variable?)] = [:]
        for name in Set(wrong.map(\.name) + abandoned).sorted() {
            guard let (number, line) = try place(of: name, layout, path) else { continue }
            lines[number] = (line, variables.first { $0.name == name })
        }
        var spellings: [String: SecretBytes] = [:]
        for variable in wrong { spellings[variable.name] = try format.spelling(of: variable) }
        let changed = rewritten(lines, wrong, spellings, opening)
        try prove(changed, variables, Set(lines.keys), layout, before, path)
        return changed
    }

    /// The one line that sets the variable, and its number from 0; nil where none does.
    private func place(
        of name: String, _ layout: DotenvLayout, _ path: String
    ) throws(DeliveryError) -> (line: Int, content: DotenvLine)? {
        let places = layout.places(of: name)
        guard places.count <= 1 else { throw .setTwice(path: path, variable: name, lines: places.map { $0.line + 1 }) }
        guard let place = places.first else { return nil }
        guard let line = place.content, place.isAlone,
            line.isPlain || isOurs(line, layout.lines[place.line], place.statements)
        else { throw .notPlain(path: path, line: place.line + 1, variable: name) }
        if line.isExport, format.readers.count > 1, let reader = format.readers.first(where: { !$0.knowsExport }) {
            throw .exported(path: path, line: place.line + 1, variable: name, reader: reader.name)
        }
        return (place.line, line)
    }

    /// In a reader's own spelling of a value, several words may stand side by side.
    private func isOurs(_ line: DotenvLine, _ range: Range<Int>, _ statements: [[DotenvStatement]]) -> Bool {
        guard statements.count == 1, case .literal(let value)? = statements[0].first?.value,
            let spelling = try? format.encode(value), !line.isExport || format.readers[0].knowsExport
        else { return false }
        let start = range.lowerBound + (line.isExport ? "export ".utf8.count : 0) + line.name.utf8.count + 1
        return start <= range.upperBound && content[start..<range.upperBound] == spelling
    }

    /// - Parameter lines: by number from 0, those that are to be replaced, or to go.
    private func rewritten(
        _ lines: [Int: (DotenvLine, Variable?)], _ variables: [Variable], _ spellings: [String: SecretBytes],
        _ opening: String
    ) -> SecretBytes {
        var result = SecretWriter(capacity: content.count + 1024)
        if content.count == 0 { result.append(opening.utf8) }
        func put(_ variable: Variable, isExport: Bool = false) {
            if isExport { result.append("export ") }
            result.append(variable.name.utf8)
            result.append(.equals)
            spellings[variable.name]?.withBytes { result.append($0) }
            result.append(.newline)
        }
        content.withBytes { bytes in
            let text = DotenvText(bytes: bytes)
            func copy(_ range: Range<Int>) { result.append(UnsafeRawBufferPointer(rebasing: bytes[range])) }
            var lastByte = UInt8.newline
            for (index, (range, next)) in text.lines(endingAtReturn: false).enumerated() {
                lastByte = bytes[next - 1]
                guard let (line, variable) = lines[index] else {
                    copy(range.lowerBound..<next)
                    continue
                }
                lastByte = .newline
                guard let variable else { continue }
                if let comment = line.comment {
                    copy(comment)
                    result.append(.newline)
                }
                put(variable, isExport: line.isExport && format.readers.allSatisfy(\.knowsExport))
            }
            let replaced = Set(lines.values.compactMap { $0.1?.name })
            let missing = variables.filter { !replaced.contains($0.name) }
            if lastByte != .newline, !missing.isEmpty { result.append(.newline) }
            for variable in missing { put(variable) }
        }
        return result.finish()
    }

    /// Each reader has to read our variables as they are meant, and all others as before.
    private func prove(
        _ changed: SecretBytes, _ variables: [Variable], _ ourLines: Set<Int>, _ layout: DotenvLayout,
        _ before: [DotenvReading], _ path: String
    ) throws(DeliveryError) {
        let names = Set(variables.map(\.name))
        let after = readings(of: changed, names)
        for (index, reader) in format.readers.enumerated() {
            if let failure = after[index].failure {
                let line =
                    before[index].failure.map { Self.line(of: $0.position, in: content) }
                    ?? Self.line(of: failure.position, in: changed)
                throw .unreadableLine(path: path, line: line, reader: reader.name, failure.trouble)
            }
            for variable in variables {
                let statements = after[index].statements.filter { $0.name == variable.name }
                guard statements.count == 1, statements[0].value == .literal(variable.value) else {
                    throw .misread(path: path, variable: variable.name, reader: reader.name)
                }
            }
            guard before[index].failure == nil else { continue }
            // Whatever name the reader gave to what stood on a line of ours.
            let kept = before[index].statements.filter {
                !names.contains($0.name) && !ourLines.contains(layout.line(of: $0.range.lowerBound))
            }
            let now = after[index].statements.filter { !names.contains($0.name) }
            for (position, statement) in kept.enumerated()
            where position >= now.count || !isSame(statement, now[position], in: changed) {
                throw .entangled(
                    path: path, line: Self.line(of: statement.range.lowerBound, in: content), variable: statement.name,
                    reader: reader.name)
            }
            if now.count > kept.count {
                throw .entangled(
                    path: path, line: Self.line(of: now[kept.count].range.lowerBound, in: changed),
                    variable: now[kept.count].name, reader: reader.name)
            }
        }
    }

    private func isSame(_ one: DotenvStatement, _ other: DotenvStatement, in changed: SecretBytes) -> Bool {
        one.name == other.name
            && content.withBytes { old in
                changed.withBytes { new in old[one.range].elementsEqual(new[other.range]) }
            }
    }
}
