internal import Sealing

/// A `.env` file as lines, some of which set variables. Everything that is not ours is kept byte for byte.
struct DotenvFile: ParsedTarget {
    /// One assignment and where its parts stand in the content.
    struct Assignment {
        let name: String
        /// Counts from 1.
        let line: Int
        let start: Int
        let value: Range<Int>
        /// White space and a comment after the value, without the line's end.
        let tail: Range<Int>
        /// With the line's end.
        let end: Int
    }

    let content: SecretBytes
    let assignments: [Assignment]
    private let dialect: any DotenvDialect

    init(_ content: SecretBytes, dialect: any DotenvDialect) {
        self.content = content
        self.dialect = dialect
        assignments = content.withBytes { Scanner(bytes: $0).assignments() }
    }

    /// The last assignment counts.
    func held(_ name: String) -> HeldValue {
        guard let assignment = assignments.last(where: { $0.name == name }) else { return .absent }
        let value = content.withBytes { dialect.decode(UnsafeRawBufferPointer(rebasing: $0[assignment.value])) }
        return value.map(HeldValue.value) ?? .otherSpelling
    }

    func setting(
        _ variables: [Variable], removing abandoned: [String], path: String, opening: String
    ) throws(DeliveryError) -> SecretBytes {
        // Its readers disagree on what stands behind one.
        if content.withBytes({ $0.starts(with: [0xEF, 0xBB, 0xBF]) }) { throw .byteOrderMark(path: path) }
        var spellings: [String: SecretBytes] = [:]
        for variable in variables {
            let lines = assignments.filter { $0.name == variable.name }.map(\.line)
            guard lines.count <= 1 else { throw .setTwice(path: path, variable: variable.name, lines: lines) }
            spellings[variable.name] = try DotenvFormat(dialect: dialect).spelling(of: variable)
        }
        var result = SecretWriter(capacity: content.count + 1024)
        if content.count == 0 { result.append(opening.utf8) }
        content.withBytes { bytes in
            func copy(_ range: Range<Int>) { result.append(UnsafeRawBufferPointer(rebasing: bytes[range])) }
            var position = 0
            for assignment in assignments {
                if abandoned.contains(assignment.name) {
                    copy(position..<assignment.start)
                    position = assignment.end
                    continue
                }
                guard let spelling = spellings.removeValue(forKey: assignment.name) else { continue }
                copy(position..<assignment.value.lowerBound)
                spelling.withBytes { result.append($0) }
                // A comment that touched an empty value would become a part of the new one.
                if let first = bytes[assignment.tail].first, first == UInt8(ascii: "#") {
                    result.append(UInt8(ascii: " "))
                }
                copy(assignment.tail.lowerBound..<assignment.end)
                if assignment.end == bytes.count, bytes.last != UInt8(ascii: "\n") {
                    result.append(UInt8(ascii: "\n"))
                }
                position = assignment.end
            }
            copy(position..<bytes.count)
            if let last = bytes.last, last != UInt8(ascii: "\n"), position < bytes.count, !spellings.isEmpty {
                result.append(UInt8(ascii: "\n"))
            }
        }
        for variable in variables {
            guard let spelling = spellings[variable.name] else { continue }
            result.append(variable.name.utf8)
            result.append(UInt8(ascii: "="))
            spelling.withBytes { result.append($0) }
            result.append(UInt8(ascii: "\n"))
        }
        return result.finish()
    }
}

/// Finds the assignments in a file that may hold anything.
private struct Scanner {
    let bytes: UnsafeRawBufferPointer

    func assignments() -> [DotenvFile.Assignment] {
        var result: [DotenvFile.Assignment] = []
        var position = 0
        var line = 1
        while position < bytes.count {
            let next: Int
            if let assignment = assignment(at: position, line: line) {
                result.append(assignment)
                next = assignment.end
            } else {
                next = lineEnd(from: position).next
            }
            line += bytes[position..<next].count { $0 == UInt8(ascii: "\n") }
            position = next
        }
        return result
    }

    /// `[export ]NAME = value [# comment]`
    private func assignment(at start: Int, line: Int) -> DotenvFile.Assignment? {
        var position = skipBlanks(from: start)
        let export = Array("export".utf8)
        if bytes[position...].starts(with: export), position + 6 < bytes.count, isBlank(bytes[position + 6]) {
            position = skipBlanks(from: position + 6)
        }
        let nameStart = position
        while position < bytes.count, isNameByte(bytes[position]) { position += 1 }
        guard position > nameStart else { return nil }
        let name = String(decoding: bytes[nameStart..<position], as: UTF8.self)
        position = skipBlanks(from: position)
        guard position < bytes.count, bytes[position] == UInt8(ascii: "=") else { return nil }
        position = skipBlanks(from: position + 1)
        let valueEnd = endOfValue(from: position)
        let (lineEnd, next) = lineEnd(from: valueEnd)
        return DotenvFile.Assignment(
            name: name, line: line, start: start, value: position..<valueEnd, tail: valueEnd..<lineEnd,
            end: next)
    }

    /// A quoted value may span lines; one whose quote never closes ends with its line.
    private func endOfValue(from start: Int) -> Int {
        let end = lineEnd(from: start).end
        guard start < bytes.count, [UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`")].contains(bytes[start])
        else {
            return endOfBareValue(from: start, lineEnd: end)
        }
        let quote = bytes[start]
        var position = start + 1
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                position += 2
                continue
            }
            if bytes[position] == quote {
                // Something behind the closing quote that is no comment belongs to the value.
                let tailEnd = lineEnd(from: position + 1).end
                let behind = skipBlanks(from: position + 1)
                if behind >= tailEnd || bytes[behind] == UInt8(ascii: "#") { return position + 1 }
                // Over several lines that is another value's quote: this one never closes.
                return position > end ? end : endOfBareValue(from: position + 1, lineEnd: tailEnd)
            }
            position += 1
        }
        return end
    }

    private func endOfBareValue(from start: Int, lineEnd: Int) -> Int {
        var end = lineEnd
        for index in start..<max(start, lineEnd)
        where bytes[index] == UInt8(ascii: "#") && (index == start || isBlank(bytes[index - 1])) {
            end = index
            break
        }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return end
    }

    /// Where the line's text ends, and where the next line begins.
    private func lineEnd(from start: Int) -> (end: Int, next: Int) {
        var position = start
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        let next = min(position + 1, bytes.count)
        let hasReturn = position > start && bytes[position - 1] == UInt8(ascii: "\r")
        return (hasReturn ? position - 1 : position, next)
    }

    private func skipBlanks(from start: Int) -> Int {
        var position = start
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
        return position
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private func isNameByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: ".")
    }
}
