public import Credentials
public import Sealing

/// Cleans pasted values before anything else sees them, and recognises the usual mix-ups.
public enum Hygiene {
    /// Something that was taken out of a pasted value. It says what and where, never the value.
    public struct Removal: Equatable, Sendable {
        public enum What: Equatable, Sendable {
            case invisible(codePoint: UInt32)
            case whiteSpace(codePoint: UInt32)
            case quotes
            case bearerPrefix
        }

        public let what: What
        /// Counts characters from 1 in what was pasted.
        public let position: Int
    }

    /// Why a value cannot be what it is given as.
    public enum Refusal: Error, Equatable, Sendable {
        case empty(field: Field)
        case notUTF8(field: Field)
        case tooLong(field: Field, limit: Int)
        /// An e-mail address where the provider wants an id.
        case email(field: Field)
        /// The value looks like it belongs to `other`.
        case swapped(field: Field, other: Field)
        case wrongForm(field: Field)
    }

    /// The longest value that is accepted, in bytes.
    public static let longest = 16_384

    /// The value without what a paste adds: invisible characters, white space round it or breaking it,
    /// surrounding quotes, a `Bearer ` prefix.
    public static func clean(_ pasted: SecretBytes, field: Field) throws(Refusal) -> (SecretBytes, [Removal]) {
        guard pasted.count <= longest else { throw .tooLong(field: field, limit: longest) }
        guard let characters = CodePoints(pasted) else { throw .notUTF8(field: field) }
        var removals: [Removal] = []
        var kept = characters.all[...]
        func drop(_ index: Int, _ what: Removal.What) {
            removals.append(Removal(what: what, position: index + 1))
        }
        kept =
            characters.all.filter { character in
                if isInvisible(character.value) {
                    drop(character.index, .invisible(codePoint: character.value))
                    return false
                }
                // A line break or tab inside a value comes from wrapping; a plain space may belong to it.
                if isSpace(character.value), character.value != 0x20 {
                    drop(character.index, .whiteSpace(codePoint: character.value))
                    return false
                }
                return true
            }[...]
        var changed = true
        while changed {
            changed = false
            while let first = kept.first, first.value == 0x20 {
                drop(first.index, .whiteSpace(codePoint: 0x20))
                kept.removeFirst()
                changed = true
            }
            while let last = kept.last, last.value == 0x20 {
                drop(last.index, .whiteSpace(codePoint: 0x20))
                kept.removeLast()
                changed = true
            }
            if kept.count >= 2, let first = kept.first, let last = kept.last, isQuotePair(first.value, last.value) {
                drop(first.index, .quotes)
                kept = kept.dropFirst().dropLast()
                changed = true
            }
            if field.isSecret, let first = kept.first, startsWithBearer(kept) {
                drop(first.index, .bearerPrefix)
                kept = kept.dropFirst(7)
                changed = true
            }
        }
        guard !kept.isEmpty else { throw .empty(field: field) }
        var cleaned = SecretWriter(capacity: pasted.count)
        pasted.withBytes { bytes in
            for character in kept { cleaned.append(UnsafeRawBufferPointer(rebasing: bytes[character.bytes])) }
        }
        return (cleaned.finish(), removals.sorted { $0.position < $1.position })
    }

    /// Refuses values that do not fit their fields, naming the mix-up when there is one.
    public static func inspect(_ values: [String: SecretBytes], fields: [Field]) throws(Refusal) {
        for field in fields {
            guard let value = values[field.name], let pattern = field.pattern.flatMap(FieldPattern.init) else {
                continue
            }
            // A secret that looks exactly like its neighbour should, while the neighbour does not.
            for other in fields where other != field && other.isSecret != field.isSecret {
                if let elsewhere = values[other.name], pattern.fits(elsewhere), !pattern.fits(value) {
                    throw .swapped(field: field, other: other)
                }
            }
            guard !pattern.fits(value) else { continue }
            if !field.isSecret, value.withBytes({ $0.contains(UInt8(ascii: "@")) }) { throw .email(field: field) }
            throw .wrongForm(field: field)
        }
    }

    private static func startsWithBearer(_ characters: ArraySlice<CodePoints.Character>) -> Bool {
        characters.count > 7
            && zip(characters, "bearer ".unicodeScalars).allSatisfy { character, wanted in
                character.value == wanted.value || (wanted.value != 0x20 && character.value == wanted.value - 32)
            }
    }

    private static func isQuotePair(_ first: UInt32, _ last: UInt32) -> Bool {
        switch (first, last) {
        case (0x22, 0x22), (0x27, 0x27), (0x60, 0x60), (0x201C, 0x201D), (0x2018, 0x2019), (0x201E, 0x201C),
            (0xAB, 0xBB):
            true
        default: false
        }
    }

    private static func isSpace(_ value: UInt32) -> Bool {
        Unicode.Scalar(value)?.properties.isWhitespace ?? false
    }

    /// Controls, format characters and other things that a screen does not show.
    private static func isInvisible(_ value: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return true }
        switch scalar.properties.generalCategory {
        case .control: return !scalar.properties.isWhitespace
        case .format, .unassigned, .privateUse, .surrogate: return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}

/// The characters of a secret, with the place of each, and nothing of its text as a `String`.
private struct CodePoints {
    struct Character {
        let value: UInt32
        /// Counts characters from 0.
        let index: Int
        let bytes: Range<Int>
    }

    let all: [Character]

    /// Nil when the bytes are not UTF-8.
    init?(_ secret: SecretBytes) {
        let decoded: [Character]? = secret.withBytes { bytes in
            var result: [Character] = []
            result.reserveCapacity(bytes.count)
            var iterator = bytes.makeIterator()
            var decoder = UTF8()
            var start = 0
            while true {
                switch decoder.decode(&iterator) {
                case .scalarValue(let scalar):
                    let end = start + UTF8.width(scalar)
                    result.append(Character(value: scalar.value, index: result.count, bytes: start..<end))
                    start = end
                case .emptyInput: return result
                case .error: return nil
                }
            }
        }
        guard let decoded else { return nil }
        all = decoded
    }
}
