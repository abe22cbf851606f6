internal import Sealing

/// Whose rules a `.env` file is read by: readers disagree. Each is a model of a real program, proved against it by tests.
protocol DotenvReader: Sendable {
    /// As a target names it, such as `systemd`.
    var name: String { get }
    /// True where `export NAME=value` sets NAME.
    var knowsExport: Bool { get }
    /// True where a byte that is no UTF-8 costs the whole file.
    var needsUTF8: Bool { get }
    /// The value as it stands behind the `=` for this reader alone.
    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes
    /// What the reader makes of a file.
    /// - Parameter names: the variables whose values are wanted; of the others only the places are told.
    func read(_ content: UnsafeRawBufferPointer, wanting names: Set<String>) -> DotenvReading
}

/// What a reader makes of a file.
struct DotenvReading {
    /// In the order of the file.
    var statements: [DotenvStatement] = []
    /// Where the reader gives up, or does what cannot be foreseen; nothing behind it counts.
    var failure: DotenvFailure?

    /// The last one counts.
    func value(of name: String) -> DotenvValue? { statements.last { $0.name == name }?.value }
}

/// A place at which a reader sets a variable.
struct DotenvStatement {
    let name: String
    /// From the first byte of its line or statement to the end, without the line's end.
    let range: Range<Int>
    let value: DotenvValue
}

/// What a reader takes for a variable's value.
enum DotenvValue: Equatable {
    case literal(SecretBytes)
    /// It depends on something else, or on a spelling that is not followed; also where it was not asked for.
    case unknown
}

/// Where and why a file cannot be followed as a reader reads it.
struct DotenvFailure: Error, Equatable {
    /// Offset in the file, in bytes.
    let position: Int
    let trouble: DotenvTrouble
}

/// Why a reader cannot read a line, or reads more than a value in it.
public enum DotenvTrouble: Sendable {
    /// A quote is not closed in its line, and the lines behind it are a part of the value.
    case openQuote
    /// A backslash joins the line with the next one.
    case continuation
    /// The line runs a command, or may do so.
    case command
    /// The reader ends with an error, or leaves out what stands behind it.
    case syntax
}

/// A `.env` file's bytes, and the small steps that all readers' models take in them.
struct DotenvText {
    let bytes: UnsafeRawBufferPointer
    var count: Int { bytes.count }

    subscript(index: Int) -> UInt8 { bytes[index] }

    /// The byte at a place; nil behind the end.
    func at(_ index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    func secret(_ range: Range<Int>) -> SecretBytes {
        SecretBytes(copying: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    /// The first place from `start` on, and before `end`, at which `isWanted` holds; else `end`.
    func first(from start: Int, to end: Int? = nil, where isWanted: (UInt8) -> Bool) -> Int {
        var position = start
        let end = end ?? count
        while position < end, !isWanted(bytes[position]) { position += 1 }
        return max(position, start)
    }

    /// The last place of a range that does not hold white space, and one more.
    func trimmedEnd(_ range: Range<Int>, _ isSpace: (UInt8) -> Bool = DotenvText.isSpace) -> Int {
        var end = range.upperBound
        while end > range.lowerBound, isSpace(bytes[end - 1]) { end -= 1 }
        return end
    }

    func trimmed(_ range: Range<Int>, _ isSpace: (UInt8) -> Bool = DotenvText.isSpace) -> Range<Int> {
        let start = first(from: range.lowerBound, to: range.upperBound) { !isSpace($0) }
        return start..<max(start, trimmedEnd(start..<range.upperBound, isSpace))
    }

    func hasPrefix(_ prefix: StaticString, at index: Int) -> Bool {
        let wanted = UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        return index <= count && bytes[index...].starts(with: wanted)
    }

    /// Compares without making a text of what may be a secret.
    func holds(_ wanted: StaticString, in range: Range<Int>) -> Bool {
        range.count == wanted.utf8CodeUnitCount && hasPrefix(wanted, at: range.lowerBound)
    }

    /// Lines for readers that end one at LF, CR LF and CR alone: each without its end, and where the next begins.
    func lines(endingAtReturn: Bool = true) -> [(line: Range<Int>, next: Int)] {
        var lines: [(line: Range<Int>, next: Int)] = []
        var position = 0
        while position < count {
            let end = first(from: position) { $0 == .newline || endingAtReturn && $0 == .carriageReturn }
            let isPair = at(end) == .carriageReturn && at(end + 1) == .newline
            let next = min(end + (isPair ? 2 : 1), count)
            lines.append((position..<end, next))
            position = next
        }
        return lines
    }

    /// False where a character beyond ASCII begins or ends it: it may be white space to a reader that knows Unicode.
    func hasPlainEnds(_ range: Range<Int>) -> Bool {
        range.isEmpty || bytes[range.lowerBound] < 0x80 && bytes[range.upperBound - 1] < 0x80
    }

    /// For readers to which CR alone ends a line too.
    static func endsLine(_ byte: UInt8) -> Bool { byte == .newline || byte == .carriageReturn }

    /// SPACE and TAB.
    static func isBlank(_ byte: UInt8) -> Bool { byte == .space || byte == .tab }
    /// What ASCII has of white space.
    static func isSpace(_ byte: UInt8) -> Bool { byte == .space || (9...13).contains(byte) }

    static func isNameByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "_")
    }

    /// The name of an environment variable, as POSIX has it.
    func isName(_ range: Range<Int>) -> Bool {
        guard let first = range.first.map({ bytes[$0] }), !(48...57).contains(first) else { return false }
        return bytes[range].allSatisfy(Self.isNameByte)
    }
}

extension UInt8 {
    static let tab = UInt8(ascii: "\t")
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let hash = UInt8(ascii: "#")
    static let dollar = UInt8(ascii: "$")
    static let backslash = UInt8(ascii: "\\")
    static let backtick = UInt8(ascii: "`")
    static let singleQuote = UInt8(ascii: "'")
    static let doubleQuote = UInt8(ascii: "\"")
    static let equals = UInt8(ascii: "=")
}
