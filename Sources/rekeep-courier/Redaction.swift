internal import Sealing
internal import Foundation

/// Makes a stranger's text fit to be shown, logged and stored: bounded, without what a screen would obey, and dropped as
/// a whole when a part of a secret can be recognised in it.
///
/// A part is every run of eight or more characters, and a shorter secret as a whole. It is looked for in the text itself
/// and in what the text decodes to: percent-encoding, HTML entities and backslash escapes, up to three times one in
/// another; base64, in both alphabets and at any alignment; hexadecimal. Each of these is compared with the secret and
/// the secret reversed, without regard to case, accents, full-width and other compatibility forms, and invisible
/// characters; once more with only the letters and digits of both; and once more with one and the same character
/// standing between any two.
struct Redaction {
    /// How much of a secret is a part of it, in bytes of its folded form.
    private static let window = 8
    /// How much of a text is looked at, in characters. What lies behind is never shown.
    private static let bound = 4096

    /// Eight bytes of a secret each, as one number.
    private var parts: Set<UInt64> = []
    private var shortSecrets: Set<[UInt8]> = []
    private let secrets: [String]

    init(hiding secrets: [String]) {
        self.secrets = secrets.map { $0.lowercased() }
        for secret in secrets {
            let folded = Self.folded(secret.unicodeScalars)
            let reversed = Self.folded(Array(secret.unicodeScalars).reversed())
            for bytes in [folded, reversed] {
                hide(bytes)
                // Where little is left without the signs, nearly every text would hold it.
                let plain = Self.lettersAndDigits(bytes)
                if plain.count >= Self.window || plain.count * 2 > bytes.count { hide(plain) }
            }
        }
    }

    private mutating func hide(_ bytes: [UInt8]) {
        guard bytes.count >= Self.window else {
            if !bytes.isEmpty { shortSecrets.insert(bytes) }
            return
        }
        Self.eachPart(of: bytes) { part in
            parts.insert(part)
            return true
        }
    }

    /// The text without control and invisible characters, cut to `limit` characters; nil when any part of a secret can be
    /// recognised in it.
    func clean(_ text: String, limit: Int) -> String? {
        let looked = text.unicodeScalars.prefix(Self.bound)
        guard !isLeaking(String(String.UnicodeScalarView(looked))) else { return nil }
        return String(String(String.UnicodeScalarView(looked.filter(Self.isVisible))).prefix(limit))
    }

    /// A currency's code; nil for everything else, and for one that is a piece of a secret.
    func currency(_ text: String) -> String? {
        secrets.contains { $0.contains(text.lowercased()) } ? nil : text
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .unassigned, .surrogate, .privateUse, .lineSeparator, .paragraphSeparator: return false
        default: return !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    // MARK: - Comparing

    private func isLeaking(_ text: String) -> Bool {
        guard !parts.isEmpty || !shortSecrets.isEmpty else { return false }
        var layer = text
        for _ in 0...3 {
            if holdsPart(Self.folded(layer.unicodeScalars)) { return true }
            let bytes = Array(layer.utf8)
            for decoded in Self.base64(bytes) + Self.hexadecimal(bytes) {
                if holdsPart(Self.folded(String(decoding: decoded, as: UTF8.self).unicodeScalars)) { return true }
            }
            let next = Escapes.decoded(layer)
            if next == layer { return false }
            layer = next
        }
        return false
    }

    private func holdsPart(_ bytes: [UInt8]) -> Bool {
        if isFound(in: bytes) || isFound(in: Self.lettersAndDigits(bytes)) { return true }
        return Self.everySecond(bytes).contains { isFound(in: $0) }
    }

    private func isFound(in bytes: [UInt8]) -> Bool {
        if !Self.eachPart(of: bytes, while: { !parts.contains($0) }) { return true }
        return shortSecrets.contains { bytes.firstRange(of: $0) != nil }
    }

    /// - Returns: false when `goesOn` said so.
    @discardableResult
    private static func eachPart(of bytes: [UInt8], while goesOn: (UInt64) -> Bool) -> Bool {
        var part: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            part = part << 8 | UInt64(byte)
            if index + 1 >= window, !goesOn(part) { return false }
        }
        return true
    }

    // MARK: - Folding

    /// Without regard to case, accents, compatibility forms and what is not seen.
    private static func folded(_ scalars: some Sequence<Unicode.Scalar>) -> [UInt8] {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars.filter(isVisible))
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            return text.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }
        }
        let compatible = text.decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars.compactMap(plain)
        return Array(String(String.UnicodeScalarView(compatible)).utf8)
    }

    /// One sign for all dashes, spaces and other signs that ASCII has in one form only; nothing for an accent.
    private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        guard !scalar.isASCII else { return scalar }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return nil
        case .dashPunctuation: return "-"
        case .spaceSeparator: return " "
        case .connectorPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
            .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
            return "."
        default: return scalar
        }
    }

    private static func lettersAndDigits(_ bytes: [UInt8]) -> [UInt8] {
        bytes.filter { (97...122).contains($0) || (48...57).contains($0) || $0 >= 0x80 }
    }

    /// Runs in which one and the same sign stands at every second place, without it.
    private static func everySecond(_ bytes: [UInt8]) -> [[UInt8]] {
        var runs: [[UInt8]] = []
        for first in 0..<2 {
            var run: [UInt8] = []
            var sign: UInt8?
            for index in stride(from: first, to: bytes.count, by: 2) {
                run.append(bytes[index])
                let next = index + 1 < bytes.count ? bytes[index + 1] : nil
                if sign != nil, next != sign {
                    runs.append(run)
                    run = [bytes[index]]
                }
                sign = next
            }
            runs.append(run)
        }
        return runs
    }

    // MARK: - Decoding

    /// What the text is if it is base64 (RFC 4648) from its first, second, third or fourth character on; with - and _ as
    /// characters of the alphabet, and with them as separators.
    private static func base64(_ bytes: [UInt8]) -> [[UInt8]] {
        [true, false].flatMap { isURLSafe -> [[UInt8]] in
            let digits = bytes.compactMap { byte -> UInt32? in
                switch byte {
                case 65...90: UInt32(byte - 65)
                case 97...122: UInt32(byte - 71)
                case 48...57: UInt32(byte + 4)
                case UInt8(ascii: "+"): 62
                case UInt8(ascii: "/"): 63
                case UInt8(ascii: "-") where isURLSafe: 62
                case UInt8(ascii: "_") where isURLSafe: 63
                default: nil
                }
            }
            return (0..<4).map { packed(digits.dropFirst($0), bits: 6) }
        }
    }

    /// What the text is if it is hexadecimal from its first or second digit on, whatever stands between the digits.
    private static func hexadecimal(_ bytes: [UInt8]) -> [[UInt8]] {
        var digits: [UInt32] = []
        for (index, byte) in bytes.enumerated() {
            switch byte {
            // The prefix of a number.
            case 48 where index + 1 < bytes.count && bytes[index + 1] | 0x20 == UInt8(ascii: "x"): break
            default: if let value = Hexadecimal.value(of: byte) { digits.append(UInt32(value)) }
            }
        }
        return (0..<2).map { packed(digits.dropFirst($0), bits: 4) }
    }

    private static func packed(_ digits: some Sequence<UInt32>, bits: UInt32) -> [UInt8] {
        var result: [UInt8] = []
        var held: UInt32 = 0
        var count: UInt32 = 0
        for digit in digits {
            held = held << bits | digit
            count += bits
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: held >> count))
            }
        }
        return result
    }
}
