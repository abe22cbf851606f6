import Credentials
import Providers
import Sealing

/// A JSON document to print. Members keep their order, and what is unknown is null, never left out.
enum JSON {
    case null
    case bool(Bool)
    case number(Int64)
    case text(String)
    case secret(SecretBytes)
    case list([JSON])
    case object([(String, JSON)])
    /// A list whose elements are made one after another when they are written, because it can be long. None is secret.
    case made(count: Int, (Int) -> JSON)

    static func list<Element>(_ elements: [Element], _ json: @escaping (Element) -> JSON) -> JSON {
        .made(count: elements.count) { json(elements[$0]) }
    }

    init(_ text: String?) { self = text.map(JSON.text) ?? .null }
    init(_ number: Int?) { self = number.map { .number(Int64($0)) } ?? .null }
    init(_ number: Int64?) { self = number.map(JSON.number) ?? .null }
    init(_ flag: Bool?) { self = flag.map(JSON.bool) ?? .null }
    init(_ time: Timestamp?) { self.init(time?.description) }

    /// True when a value in it is secret.
    var holdsSecret: Bool {
        switch self {
        case .null, .bool, .number, .text, .made: false
        case .secret: true
        case .list(let elements): elements.contains(where: \.holdsSecret)
        case .object(let members): members.contains { $0.1.holdsSecret }
        }
    }

    /// Writes the document on one line, in UTF-8.
    func write(to result: inout some JSONOutput & ~Copyable) {
        switch self {
        case .null: result.append("null")
        case .bool(let flag): result.append(flag ? "true" : "false")
        case .number(let number): result.append(String(number).utf8)
        case .text(let text): Self.write(text, to: &result)
        case .secret(let secret): result.append(json: secret)
        case .list(let elements): Self.made(count: elements.count) { elements[$0] }.write(to: &result)
        case .made(let count, let element):
            result.append("[")
            for index in 0..<count {
                if index > 0 { result.append(",") }
                element(index).write(to: &result)
            }
            result.append("]")
        case .object(let members):
            result.append("{")
            for (index, member) in members.enumerated() {
                if index > 0 { result.append(",") }
                Self.write(member.0, to: &result)
                result.append(":")
                member.1.write(to: &result)
            }
            result.append("}")
        }
    }

    private static func write(_ text: String, to result: inout some JSONOutput & ~Copyable) {
        defer { result.append("\"") }
        result.append("\"")
        // Nearly every text, and a hundred thousand of them in a long list.
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        guard !isPlain else { return result.append(text.utf8) }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result.append([UInt8(ascii: "\\"), UInt8(ascii: scalar)])
            case _ where TerminalText.isHarmful(scalar): result.append(TerminalText.escape(scalar))
            default: result.append(String(scalar).utf8)
            }
        }
    }
}

/// Where a document is written to: standard output, or locked memory when there are secrets in it.
protocol JSONOutput: ~Copyable {
    mutating func append(_ text: StaticString)
    mutating func append(_ bytes: some Collection<UInt8>)
    mutating func append(json secret: SecretBytes)
}

extension SecretWriter: JSONOutput {}

extension OutputBuffer: JSONOutput {
    /// A document with a secret is never written here.
    mutating func append(json secret: SecretBytes) { append("null") }
}
