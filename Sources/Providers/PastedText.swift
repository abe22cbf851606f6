internal import Sealing

/// A pasted value where it lies in locked memory, and how much of it is kept: one character at a time is looked at, and
/// nothing of it is copied but what is kept.
struct PastedText {
    /// One character, and where it begins in the bytes.
    struct Character {
        let value: UInt32
        let start: Int
        fileprivate let width: Int
    }

    private let bytes: UnsafeRawBufferPointer
    /// What is left between both ends, in bytes and in characters from the beginning.
    private var range: Range<Int>
    private var indices: Range<Int>
    /// What was taken out so far.
    private(set) var removals: [Hygiene.Removal] = []

    /// Takes out what no screen shows, wherever it stands. The bytes must outlive the value.
    /// - Returns: nil when they are not UTF-8.
    init?(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        range = 0..<bytes.count
        indices = 0..<0
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        var count = 0
        reading: while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                count += 1
                if let what = Self.removal(of: scalar) { removals.append(Hygiene.Removal(what: what, position: count)) }
            case .emptyInput: break reading
            case .error: return nil
            }
        }
        indices = 0..<count
    }

    /// The first character that is kept; nil when none is.
    var first: Character? {
        var rest = self
        return rest.next()
    }

    /// The last character that is kept.
    var last: Character? {
        var rest = self
        return rest.previous()
    }

    /// Takes the first kept character away.
    /// - Parameter what: how it is reported; nil: it belongs to a removal that was reported.
    mutating func dropFirst(_ what: Hygiene.Removal.What?) {
        guard next() != nil, let what else { return }
        removals.append(Hygiene.Removal(what: what, position: indices.lowerBound))
    }

    /// Takes the last kept character away.
    mutating func dropLast(_ what: Hygiene.Removal.What?) {
        guard previous() != nil, let what else { return }
        removals.append(Hygiene.Removal(what: what, position: indices.upperBound + 1))
    }

    /// What is kept; nil when that is nothing.
    func kept() -> SecretBytes? {
        var rest = self
        var kept = SecretWriter(capacity: bytes.count)
        while let character = rest.next() {
            let end = character.start + character.width
            kept.append(UnsafeRawBufferPointer(rebasing: bytes[character.start..<end]))
        }
        return kept.count > 0 ? kept.finish() : nil
    }

    private mutating func next() -> Character? {
        while let start = range.first {
            let character = character(at: start)
            range = start + character.width..<range.upperBound
            indices = indices.lowerBound + 1..<indices.upperBound
            if Self.isKept(character) { return character }
        }
        return nil
    }

    private mutating func previous() -> Character? {
        while var start = range.last {
            while UTF8.isContinuation(bytes[start]) { start -= 1 }
            range = range.lowerBound..<start
            indices = indices.lowerBound..<indices.upperBound - 1
            let character = character(at: start)
            if Self.isKept(character) { return character }
        }
        return nil
    }

    /// The bytes are known to be UTF-8 (RFC 3629).
    private func character(at start: Int) -> Character {
        let lead = bytes[start]
        let width = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var value = width == 1 ? UInt32(lead) : UInt32(lead) & (0x7F >> UInt32(width))
        for index in start + 1..<start + width { value = value << 6 | UInt32(bytes[index] & 0x3F) }
        return Character(value: value, start: start, width: width)
    }

    private static func isKept(_ character: Character) -> Bool {
        Unicode.Scalar(character.value).map { removal(of: $0) == nil } ?? false
    }

    private static func removal(of scalar: Unicode.Scalar) -> Hygiene.Removal.What? {
        if isInvisible(scalar) { return .invisible(codePoint: scalar.value) }
        // A line break or tab inside a value comes from wrapping; a plain space may belong to it.
        if scalar.properties.isWhitespace, scalar.value != 0x20 { return .whiteSpace(codePoint: scalar.value) }
        return nil
    }

    /// Controls, format characters and other things that a screen does not show.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control: !scalar.properties.isWhitespace
        case .format, .unassigned, .privateUse, .surrogate: true
        default: scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
