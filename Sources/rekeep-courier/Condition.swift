internal import Providers
internal import Yams

/// One rule about an answer; every part that is given must hold.
struct Condition {
    private enum Test {
        case equals(String)
        case matches(FieldPattern)
        case exists(Bool)
        case type(String)
    }

    /// Where it stands in its profile.
    let location: String
    private let statuses: [Int]
    private let json: (pointer: String, test: Test)?
    private let header: (name: String, pattern: FieldPattern)?
    private let text: FieldPattern?
    /// Pointer fields of the credential: where one is given, the answer must have a value there.
    let present: [String]

    init(_ node: Node, location: String) throws(ProfileFault) {
        var map = try YAMLMap(node, location: location)
        self.location = location
        statuses = try (map.oneOrMore("status") ?? []).map { text throws(ProfileFault) in
            guard let status = Int(text), (100...599).contains(status) else {
                throw map.fault("status", "an HTTP status is expected")
            }
            return status
        }
        if var test = try map.optionalMap("json") {
            json = (try test.pointer("pointer"), try Self.test(&test))
            try test.finish()
        } else {
            json = nil
        }
        if var test = try map.optionalMap("header") {
            header = (try test.text("name"), try Self.pattern("matches", in: &test))
            try test.finish()
        } else {
            header = nil
        }
        text = try map.optionalText("text").map { expression throws(ProfileFault) in
            guard let pattern = FieldPattern(expression) else { throw map.fault("text", "not a regular expression") }
            return pattern
        }
        present = try map.oneOrMore("present") ?? []
        try map.finish()
        guard !statuses.isEmpty || json != nil || header != nil || text != nil else {
            throw ProfileFault(location: location, problem: "a condition without a test would always hold")
        }
    }

    func holds(for answer: Answer, values: [String: String]) -> Bool {
        if !statuses.isEmpty, !statuses.contains(answer.status) { return false }
        if let json, !Self.holds(json.test, for: answer.json?[pointer: json.pointer]) { return false }
        if let header,
            !answer.headers.contains(where: {
                $0.name.lowercased() == header.name.lowercased() && header.pattern.isFound(in: $0.value)
            })
        {
            return false
        }
        if let text, !text.isFound(in: String(decoding: answer.body, as: UTF8.self)) { return false }
        return present.allSatisfy { field in
            guard let pointer = values[field], !pointer.isEmpty else { return true }
            return answer.json?[pointer: pointer]?.text != nil
        }
    }

    private static func holds(_ test: Test, for value: JSONValue?) -> Bool {
        switch test {
        case .equals(let text): value?.text == text
        case .matches(let pattern): value?.text.map { pattern.isFound(in: $0) } ?? false
        case .exists(let wanted): (value != nil) == wanted
        case .type(let type): value?.type == type
        }
    }

    private static func test(_ map: inout YAMLMap) throws(ProfileFault) -> Test {
        if let text = try map.optionalText("equals") { return .equals(text) }
        if map.keys.contains("matches") { return .matches(try pattern("matches", in: &map)) }
        if map.keys.contains("exists") { return .exists(try map.flag("exists")) }
        let type = try map.text("type")
        guard JSONValue.types.contains(type) else {
            throw map.fault("type", "\(JSONValue.types.joined(separator: ", ")) is expected")
        }
        return .type(type)
    }

    private static func pattern(_ key: String, in map: inout YAMLMap) throws(ProfileFault) -> FieldPattern {
        guard let pattern = FieldPattern(try map.text(key)) else { throw map.fault(key, "not a regular expression") }
        return pattern
    }
}
