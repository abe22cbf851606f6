import Credentials

/// A JSON document to print. Members keep their order, and what is unknown is null, never left out.
enum JSON {
    case null
    case bool(Bool)
    case number(Int64)
    case text(String)
    case list([JSON])
    case object([(String, JSON)])

    init(_ text: String?) { self = text.map(JSON.text) ?? .null }
    init(_ number: Int?) { self = number.map { .number(Int64($0)) } ?? .null }
    init(_ number: Int64?) { self = number.map(JSON.number) ?? .null }
    init(_ flag: Bool?) { self = flag.map(JSON.bool) ?? .null }
    init(_ time: Timestamp?) { self.init(time?.description) }

    /// The document on one line, in UTF-8.
    var bytes: [UInt8] {
        var result: [UInt8] = []
        write(to: &result)
        return result
    }

    private func write(to result: inout [UInt8]) {
        switch self {
        case .null: result.append(contentsOf: "null".utf8)
        case .bool(let flag): result.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let number): result.append(contentsOf: String(number).utf8)
        case .text(let text): Self.write(text, to: &result)
        case .list(let elements):
            result.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { result.append(UInt8(ascii: ",")) }
                element.write(to: &result)
            }
            result.append(UInt8(ascii: "]"))
        case .object(let members):
            result.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { result.append(UInt8(ascii: ",")) }
                Self.write(member.0, to: &result)
                result.append(UInt8(ascii: ":"))
                member.1.write(to: &result)
            }
            result.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to result: inout [UInt8]) {
        defer { result.append(UInt8(ascii: "\"")) }
        result.append(UInt8(ascii: "\""))
        // Nearly every text, and a hundred thousand of them in a long list.
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        guard !isPlain else { return result.append(contentsOf: text.utf8) }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += [UInt8(ascii: "\\"), UInt8(ascii: scalar)]
            case _ where TerminalText.isHarmful(scalar): result += TerminalText.escape(scalar)
            default: result.append(contentsOf: String(scalar).utf8)
            }
        }
    }
}
