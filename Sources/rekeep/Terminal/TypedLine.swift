import Glibc
import Sealing

/// A line while it is typed, with the keys that take something back. It lies where secrets lie.
struct TypedLine: ~Copyable {
    /// What a key ended.
    enum End {
        case line
        case input
    }

    private var bytes = SecretWriter()
    /// Of what stands on the terminal.
    private var shown = 0
    private var shownColumns = 0

    private static let endOfInput: UInt8 = 0x04
    private static let killWord: UInt8 = 0x17
    private static let killLine: UInt8 = 0x15

    /// Takes one byte as it comes.
    /// - Returns: what it ends; nil when the line goes on.
    mutating func take(_ byte: UInt8) -> End? {
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return .line
        // In the middle of a line it says nothing.
        case Self.endOfInput: return bytes.count == 0 ? .input : nil
        case 0x7F, 0x08: removeCharacter()
        case Self.killLine: bytes.removeLast(bytes.count)
        case Self.killWord:
            while bytes.last == UInt8(ascii: " ") { bytes.removeLast(1) }
            while let last = bytes.last, last != UInt8(ascii: " ") { bytes.removeLast(1) }
        default: bytes.append(byte)
        }
        return nil
    }

    /// A character of UTF-8 goes as a whole.
    private mutating func removeCharacter() {
        while let last = bytes.last {
            bytes.removeLast(1)
            if last & 0xC0 != 0x80 { return }
        }
    }

    /// Brings the terminal to what the line holds now.
    mutating func showChange(at terminal: Int32) {
        var columns = 0
        var added: [UInt8] = []
        bytes.withBytes(from: 0) { all in
            for (index, byte) in all.enumerated() where byte >= 0x20 && byte != 0x7F {
                // What the terminal would obey is not shown.
                if index >= shown { added.append(byte) }
                if byte & 0xC0 != 0x80 { columns += 1 }
            }
        }
        for _ in columns..<max(columns, shownColumns) { added += [0x08, UInt8(ascii: " "), 0x08] }
        _ = write(terminal, added, added.count)
        (shown, shownColumns) = (bytes.count, columns)
    }

    func finish() -> SecretBytes { bytes.finish() }
}
