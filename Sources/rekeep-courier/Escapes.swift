/// Undoes the ways in which a text spells characters with others: `%2D`, `%u002D`, `&#45;`, `&#x2d;`, `&hyphen;`,
/// `\u002d`, `\u{2d}`, `\x2d`, `\055`, `\-`.
enum Escapes {
    /// The text with each escape undone once; what is none stays as it is.
    static func decoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard bytes.contains(where: { "%&\\".utf8.contains($0) }) else { return text }
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.first {
            let escape: (bytes: [UInt8], count: Int)? =
                switch byte {
                case UInt8(ascii: "%"): percent(rest.dropFirst())
                case UInt8(ascii: "&"): entity(rest.dropFirst())
                case UInt8(ascii: "\\"): backslash(rest.dropFirst())
                default: nil
                }
            if let escape {
                result += escape.bytes
                rest = rest.dropFirst(1 + escape.count)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// What follows the sign, and how much of it belongs to the escape.
    private typealias Escape = (bytes: [UInt8], count: Int)

    private static func percent(_ rest: ArraySlice<UInt8>) -> Escape? {
        if rest.first == UInt8(ascii: "u"), let value = number(rest.dropFirst().prefix(4), base: 16, count: 4) {
            return (utf8(value), 5)
        }
        guard let value = number(rest.prefix(2), base: 16, count: 2) else { return nil }
        return ([UInt8(value)], 2)
    }

    private static func backslash(_ rest: ArraySlice<UInt8>) -> Escape? {
        guard let kind = rest.first else { return nil }
        let digits = rest.dropFirst()
        switch kind {
        case UInt8(ascii: "u") where digits.first == UInt8(ascii: "{"):
            let inner = digits.dropFirst().prefix { $0 != UInt8(ascii: "}") }.prefix(8)
            guard let value = number(inner, base: 16, count: inner.count) else { return nil }
            return (utf8(value), inner.count + 3)
        case UInt8(ascii: "u"):
            guard let value = number(digits.prefix(4), base: 16, count: 4) else { return nil }
            let next = digits.dropFirst(4)
            if (0xD800..<0xDC00).contains(value), next.starts(with: Array("\\u".utf8)),
                let low = number(next.dropFirst(2).prefix(4), base: 16, count: 4), (0xDC00..<0xE000).contains(low)
            {
                return (utf8(0x10000 + (value - 0xD800) << 10 + low - 0xDC00), 11)
            }
            return (utf8(value), 5)
        case UInt8(ascii: "U"):
            guard let value = number(digits.prefix(8), base: 16, count: 8) else { return nil }
            return (utf8(value), 9)
        case UInt8(ascii: "x"):
            guard let value = number(digits.prefix(2), base: 16, count: 2) else { return nil }
            return ([UInt8(value)], 3)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            guard let value = number(rest.prefix(3), base: 8, count: 3) else { return nil }
            return ([UInt8(value)], 3)
        // A letter makes a control character, and what is none stands for itself.
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return nil
        default: return ([kind], 1)
        }
    }

    private static func entity(_ rest: ArraySlice<UInt8>) -> Escape? {
        if rest.first == UInt8(ascii: "#") {
            let isHexadecimal = (rest.dropFirst().first ?? 0) | 0x20 == UInt8(ascii: "x")
            let mark = isHexadecimal ? 2 : 1
            let digits = rest.dropFirst(mark).prefix {
                (48...57).contains($0) || (isHexadecimal && (97...102).contains($0 | 0x20))
            }.prefix(8)
            guard let value = number(digits, base: isHexadecimal ? 16 : 10, count: digits.count) else { return nil }
            let end = rest.dropFirst(mark + digits.count).first == UInt8(ascii: ";") ? 1 : 0
            return (utf8(value), mark + digits.count + end)
        }
        let name = rest.prefix { (65...90).contains($0) || (97...122).contains($0) }.prefix(8)
        guard rest.dropFirst(name.count).first == UInt8(ascii: ";"),
            let character = names[String(decoding: name, as: UTF8.self)]
        else { return nil }
        return (Array(character.utf8), name.count + 1)
    }

    /// The named ones of printable ASCII (HTML, section 13.5), and the invisible ones.
    private static let names: [String: String] = [
        "excl": "!", "quot": "\"", "QUOT": "\"", "num": "#", "dollar": "$", "percnt": "%", "amp": "&", "AMP": "&",
        "apos": "'", "lpar": "(", "rpar": ")", "ast": "*", "midast": "*", "plus": "+", "comma": ",", "period": ".",
        "sol": "/", "colon": ":", "semi": ";", "lt": "<", "LT": "<", "equals": "=", "gt": ">", "GT": ">", "quest": "?",
        "commat": "@", "lsqb": "[", "lbrack": "[", "bsol": "\\", "rsqb": "]", "rbrack": "]", "Hat": "^", "lowbar": "_",
        "UnderBar": "_", "grave": "`", "lcub": "{", "lbrace": "{", "verbar": "|", "vert": "|", "rcub": "}",
        "rbrace": "}",
        "hyphen": "-", "dash": "-", "nbsp": " ", "shy": "", "zwnj": "", "zwj": "", "Tab": " ", "NewLine": " ",
    ]

    private static func number(_ digits: ArraySlice<UInt8>, base: Int, count: Int) -> UInt32? {
        guard count > 0, digits.count == count else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: base)
    }

    private static func utf8(_ value: UInt32) -> [UInt8] {
        Unicode.Scalar(value).map { Array(String($0).utf8) } ?? []
    }
}
