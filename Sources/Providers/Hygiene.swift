public import Credentials
public import Sealing

/// Cleans pasted values before anything else sees them, and recognises the usual mix-ups.
public enum Hygiene {
    /// Something that was taken out of a pasted value. It says what and where, never the value.
    public struct Removal: Equatable, Sendable {
        /// The kind of thing that was taken out. A code point is the character's number in Unicode.
        public enum What: Equatable, Sendable {
            case invisible(codePoint: UInt32)
            case whiteSpace(codePoint: UInt32)
            case quotes
            case bearerPrefix
        }

        /// A pair of quotes is one removal, and so is a whole `Bearer ` prefix.
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
        /// What is given for `field` is the credential's `other`.
        case isOtherField(field: Field, other: Field)
        case isURL(field: Field)
        /// Labels stand before the values.
        case labelled(field: Field, found: [Field])
        /// Asterisks or dots, as a panel shows a secret.
        case isMasked(field: Field)
        /// An answer such as `y`, or the field's own name.
        case isNoValue(field: Field)
        /// The same twice in a row.
        case isDoubled(field: Field)
        /// A command line.
        case isCommand(field: Field)
    }

    /// The longest value that is accepted, in bytes.
    public static let longest = 16_384

    /// The value without what a paste adds: invisible characters, white space round it or breaking it,
    /// surrounding quotes, a `Bearer ` prefix.
    public static func clean(_ pasted: SecretBytes, field: Field) throws(Refusal) -> (SecretBytes, [Removal]) {
        guard pasted.count <= longest else { throw .tooLong(field: field, limit: longest) }
        let cleaned: Result<(SecretBytes, [Removal]), Refusal> = pasted.withBytes { bytes in
            guard var text = PastedText(bytes) else { return .failure(.notUTF8(field: field)) }
            trim(&text, isSecret: field.isSecret)
            guard let kept = text.kept() else { return .failure(.empty(field: field)) }
            return .success((kept, text.removals.sorted { $0.position < $1.position }))
        }
        return try cleaned.get()
    }

    /// The value without the white space of ASCII round it.
    public static func trimmed(_ value: SecretBytes) -> SecretBytes { PastedLine(value)?.bytes ?? value }

    /// Takes off, from both ends, what surrounds the value.
    private static func trim(_ text: inout PastedText, isSecret: Bool) {
        var changed = true
        while changed {
            changed = false
            while let first = text.first, first.value == 0x20 {
                text.dropFirst(.whiteSpace(codePoint: 0x20))
                changed = true
            }
            while let last = text.last, last.value == 0x20 {
                text.dropLast(.whiteSpace(codePoint: 0x20))
                changed = true
            }
            if let first = text.first, let last = text.last, first.start < last.start,
                isQuotePair(first.value, last.value)
            {
                text.dropFirst(.quotes)
                text.dropLast(nil)
                changed = true
            }
            if isSecret, startsWithBearer(text) {
                text.dropFirst(.bearerPrefix)
                for _ in 1..<bearer.count { text.dropFirst(nil) }
                changed = true
            }
        }
    }

    private static let bearer = Array("bearer ".utf8)

    /// True when the word, in whatever case, stands before something else.
    private static func startsWithBearer(_ text: PastedText) -> Bool {
        var rest = text
        for wanted in bearer {
            guard let first = rest.first else { return false }
            let small = UInt32(wanted)
            guard first.value == small || (wanted != 0x20 && first.value == small - 32) else { return false }
            rest.dropFirst(nil)
        }
        return rest.first != nil
    }

    /// Refuses values that do not fit their fields, naming the mix-up when there is one.
    public static func inspect(_ values: [String: SecretBytes], fields: [Field]) throws(Refusal) {
        for field in fields {
            guard let value = values[field.name], let pattern = field.pattern.flatMap(FieldPattern.init) else {
                continue
            }
            // A secret that looks exactly like its neighbour should, while the neighbour does not.
            for other in fields where other != field && other.isSecret != field.isSecret {
                let fitsThere = other.pattern.flatMap(FieldPattern.init)?.fits(value) ?? true
                if let elsewhere = values[other.name], pattern.fits(elsewhere), !pattern.fits(value), fitsThere {
                    throw .swapped(field: field, other: other)
                }
            }
            guard !pattern.fits(value) else { continue }
            if !field.isSecret, value.withBytes({ $0.contains(UInt8(ascii: "@")) }) { throw .email(field: field) }
            throw .wrongForm(field: field)
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
}
