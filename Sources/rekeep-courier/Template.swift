/// A text with `{{name}}` in it. A value is escaped for the place it is put into, so that no value can
/// change the shape of a request.
struct Template {
    /// Where the result goes.
    enum Context {
        case url, header, form, json, pointer
    }

    /// Why there is no text.
    enum Fault: Error, Equatable {
        case missing(name: String)
        /// The value cannot stand where the text goes.
        case unfit(name: String)
    }

    private enum Piece: Equatable {
        case literal(String)
        case value(name: String, isPath: Bool)
    }

    private let pieces: [Piece]
    /// Where it stands in its profile.
    let location: String

    /// - Throws: when braces do not match or a filter is unknown.
    init(_ text: String, location: String) throws(ProfileFault) {
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "{{") {
            pieces.append(.literal(String(rest[..<open.lowerBound])))
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else {
                throw ProfileFault(location: location, problem: "{{ without }}")
            }
            let parts = rest[..<close.lowerBound].split(separator: "|", omittingEmptySubsequences: false)
            guard let name = parts.first, !name.isEmpty, parts.count == 1 || parts.dropFirst() == ["path"] else {
                throw ProfileFault(
                    location: location, problem: "a name, or a name with |path, is expected between {{ and }}")
            }
            pieces.append(.value(name: String(name), isPath: parts.count == 2))
            rest = rest[close.upperBound...]
        }
        pieces.append(.literal(String(rest)))
        self.pieces = pieces.filter { $0 != .literal("") }
        self.location = location
    }

    /// What stands in the profile itself.
    var text: String {
        pieces.reduce(into: "") { result, piece in
            if case .literal(let text) = piece { result += text }
        }
    }

    /// The names of the values that it needs.
    var names: [String] {
        pieces.compactMap {
            if case .value(let name, _) = $0 { name } else { nil }
        }
    }

    /// The names of the values that keep their slashes.
    var pathNames: [String] {
        pieces.compactMap {
            if case .value(let name, true) = $0 { name } else { nil }
        }
    }

    /// The text with the values put in. A value that is not given is never the empty text.
    func render(_ values: [String: String], for context: Context) throws(Fault) -> String {
        var result = ""
        for piece in pieces {
            switch piece {
            case .literal(let text): result += text
            case .value(let name, let isPath):
                guard let value = values[name] else { throw .missing(name: name) }
                guard name != Self.baseURL else {
                    result += value
                    continue
                }
                guard let escaped = Self.escape(value, for: context, isPath: isPath) else { throw .unfit(name: name) }
                result += escaped
            }
        }
        return result
    }

    /// The one name that is no field's.
    static let baseURL = "base_url"

    private static func escape(_ value: String, for context: Context, isPath: Bool) -> String? {
        switch context {
        case .url: return percent(value, keeping: isPath ? "-._~/?&=:,;%" : "-._~")
        case .form: return percent(value, keeping: "-._~*")
        case .header:
            // A control character would begin another header.
            return value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ? value : nil
        case .json:
            return value.unicodeScalars.reduce(into: "") { result, scalar in
                switch scalar {
                case "\"": result += "\\\""
                case "\\": result += "\\\\"
                case _ where scalar.value < 0x20:
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                default: result.unicodeScalars.append(scalar)
                }
            }
        case .pointer: return value
        }
    }

    private static func percent(_ value: String, keeping others: String) -> String {
        let hex = Array("0123456789ABCDEF".unicodeScalars)
        return value.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case _ where others.utf8.contains(byte): result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%"
                result.unicodeScalars.append(hex[Int(byte >> 4)])
                result.unicodeScalars.append(hex[Int(byte & 0xF)])
            }
        }
    }
}
