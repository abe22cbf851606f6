internal import Sealing

/// A shell that reads the file with `.`: dash, bash, busybox, mksh and zsh, as far as all of them agree. What runs a
/// command, or may do so in one of them, is not followed.
struct ShellReader: DotenvReader {
    let name = "shell"
    let knowsExport = true
    let needsUTF8 = false

    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        var spelling = SecretWriter(capacity: value.count + 16)
        spelling.append(.singleQuote)
        value.withBytes { bytes in
            for byte in bytes {
                if byte == .singleQuote { spelling.append("'\\'") }
                spelling.append(byte)
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

    /// Setting one of these is an error for a shell, which may end the file.
    private static let readOnly: Set<String> = [
        "UID", "EUID", "GID", "EGID", "PPID", "BASHOPTS", "BASH_VERSINFO", "SHELLOPTS", "USERNAME", "status",
        "options", "funcstack", "KSH_VERSION", "USER_ID", "USERID", "PGRP", "KSHUID", "KSHEGID", "KSHGID", "ARGC",
        "TTYIDLE", "HISTCMD", "LINENO", "OPTIND", "ERRNO", "ZSH_SUBSHELL", "TRY_BLOCK_ERROR", "signals", "argv",
    ]

    private struct Word {
        let range: Range<Int>
        /// Where its first unquoted `=` stands.
        let equals: Int?
        /// The value behind it, where that was asked for.
        let value: DotenvValue
    }

    private struct Parser {
        let text: DotenvText
        let names: Set<String>
        var position = 0
        var result = DotenvReading()

        mutating func readFile() throws(DotenvFailure) {
            while let byte = text.at(position) {
                switch byte {
                case .newline, .space, .tab: position += 1
                case .hash: position = text.first(from: position) { $0 == .newline }
                default: try readCommand()
                }
            }
        }

        private func failure(_ trouble: DotenvTrouble, at place: Int) -> DotenvFailure {
            DotenvFailure(position: place, trouble: trouble)
        }

        /// Words to the end of the line or a semicolon.
        private mutating func readCommand() throws(DotenvFailure) {
            let start = position
            var words: [Word] = []
            loop: while let byte = text.at(position) {
                switch byte {
                case .newline: break loop
                case .space, .tab: position += 1
                case .hash:
                    position = text.first(from: position) { $0 == .newline }
                    break loop
                case UInt8(ascii: ";"):
                    guard !words.isEmpty else { throw failure(.syntax, at: start) }
                    position += 1
                    if text.at(position) == byte { throw failure(.syntax, at: start) }
                    break loop
                default: words.append(try readWord(isArgument: isExport(words.first)))
                }
            }
            try take(words, from: start)
        }

        private func isExport(_ word: Word?) -> Bool { word.map { text.holds("export", in: $0.range) } ?? false }

        private mutating func take(_ words: [Word], from start: Int) throws(DotenvFailure) {
            let first = words[0].range
            if text.holds("set", in: first), words.count == 2,
                text.holds("-a", in: words[1].range) || text.holds("+a", in: words[1].range)
            {
                return
            }
            // The empty line of a file with CR LF: not found, and nothing happens.
            if text.holds("\r", in: first), words.count == 1 { return }
            let isExport = isExport(words.first) && words.count > 1
            for word in isExport ? words.dropFirst() : words[...] {
                guard let equals = word.equals else {
                    guard isExport, text.isName(word.range) else { throw failure(.command, at: start) }
                    continue
                }
                let key = word.range.lowerBound..<equals
                guard text.isName(key) else { throw failure(.command, at: start) }
                let name = text.text(key)
                if readOnly.contains(name) { throw failure(.syntax, at: start) }
                // The first word's statement begins with what stands before it.
                let begin = isExport && word.range == words[1].range ? start : word.range.lowerBound
                result.statements.append(
                    DotenvStatement(name: name, range: begin..<word.range.upperBound, value: word.value))
            }
        }

        /// - Parameter isArgument: a word behind `export`, in which some shells expand more than in an assignment.
        private mutating func readWord(isArgument: Bool) throws(DotenvFailure) -> Word {
            let start = position
            var equals: Int?
            var isWanted = false
            var isKnown = true
            var value = SecretWriter(capacity: 64)
            // What stands before this in the value, for what is expanded at the beginning and behind a colon.
            var previous: UInt8 = 0
            func put(_ byte: UInt8) { if isWanted { value.append(byte) } }
            loop: while let byte = text.at(position) {
                let isAtStart = equals.map { $0 + 1 == position } ?? false
                switch byte {
                case .newline, .space, .tab, UInt8(ascii: ";"): break loop
                case UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "("),
                    UInt8(ascii: ")"), .backtick:
                    throw failure(.command, at: start)
                case .singleQuote:
                    let end = text.first(from: position + 1) { $0 == .singleQuote }
                    guard end < text.count else { throw failure(.openQuote, at: start) }
                    for index in position + 1..<end { put(text[index]) }
                    position = end
                case .doubleQuote:
                    try readDoubleQuoted(from: start, &isKnown, put)
                case .backslash:
                    guard let next = text.at(position + 1), next != .newline else {
                        throw failure(.continuation, at: start)
                    }
                    put(next)
                    position += 1
                case .dollar:
                    isKnown = try !readExpansion(from: start, isQuoted: false) && isKnown
                    if isKnown { put(byte) }
                case UInt8(ascii: "~") where isAtStart || previous == UInt8(ascii: ":"):
                    guard let next = text.at(position + 1), next != UInt8(ascii: "/"), !DotenvText.isSpace(next) else {
                        isKnown = false
                        break
                    }
                    throw failure(.syntax, at: start)
                case .equals where equals == nil:
                    equals = position
                    isWanted = names.contains(text.text(start..<position))
                case .equals where isAtStart || previous == UInt8(ascii: ":"):
                    // zsh takes the path of the command that is named behind it, and ends where there is none.
                    throw failure(.syntax, at: start)
                case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "}"):
                    if isArgument { throw failure(.syntax, at: start) }
                    put(byte)
                default: put(byte)
                }
                previous = byte
                position += 1
            }
            return Word(
                range: start..<position, equals: equals,
                value: isWanted && isKnown ? .literal(value.finish()) : .unknown
            )
        }

        /// Leaves the position at the closing quote.
        private mutating func readDoubleQuoted(
            from start: Int, _ isKnown: inout Bool, _ put: (UInt8) -> Void
        ) throws(DotenvFailure) {
            position += 1
            while let byte = text.at(position), byte != .doubleQuote {
                switch byte {
                case .backtick: throw failure(.command, at: start)
                case .backslash:
                    guard let next = text.at(position + 1) else { throw failure(.openQuote, at: start) }
                    if next == .newline { throw failure(.continuation, at: start) }
                    if ![.dollar, .backtick, .doubleQuote, .backslash].contains(next) { put(byte) }
                    put(next)
                    position += 1
                case .dollar:
                    isKnown = try !readExpansion(from: start, isQuoted: true) && isKnown
                    if isKnown { put(byte) }
                default: put(byte)
                }
                position += 1
            }
            guard position < text.count else { throw failure(.openQuote, at: start) }
        }

        /// Leaves the position at its last byte.
        /// - Returns: false where the dollar stands for itself.
        private mutating func readExpansion(from start: Int, isQuoted: Bool) throws(DotenvFailure) -> Bool {
            guard let next = text.at(position + 1) else { return false }
            switch next {
            case UInt8(ascii: "{"):
                let end = text.first(from: position + 2) {
                    !DotenvText.isNameByte($0) && !":-./@%+,".utf8.contains($0)
                }
                guard text.at(end) == UInt8(ascii: "}"), text.at(position + 2).map(DotenvText.isNameByte) == true else {
                    throw failure(.command, at: start)
                }
                position = end
                return true
            case .singleQuote, .doubleQuote:
                // Before a quoted piece it is a spelling that only some shells know.
                if isQuoted { return false }
                throw failure(.command, at: start)
            case UInt8(ascii: "("), UInt8(ascii: "["): throw failure(.command, at: start)
            case let byte where DotenvText.isNameByte(byte): return true
            case let byte where "@*#?!$-".utf8.contains(byte): throw failure(.command, at: start)
            default: return false
            }
        }
    }
}
