internal import Credentials
internal import Yams

/// A profile that cannot be used, and where in its file the fault is.
struct ProfileFault: Error, Equatable {
    /// A path inside the file, such as `balance.requests[0].url`.
    let location: String
    let problem: String
}

/// A YAML mapping that is read key by key, so that every fault is named with its place and no unknown
/// key is passed over.
struct YAMLMap {
    let location: String
    /// The mapping itself, for a type that reads it whole.
    let node: Node
    private var entries: [String: Node]

    init(_ node: Node, location: String) throws(ProfileFault) {
        guard case .mapping(let mapping) = node else {
            throw ProfileFault(location: location, problem: "a mapping is expected")
        }
        self.location = location
        self.node = node
        entries = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                throw ProfileFault(location: location, problem: "a key is not a text")
            }
            guard entries.updateValue(value, forKey: name) == nil else {
                throw ProfileFault(location: Self.join(location, name), problem: "stands twice")
            }
        }
    }

    var keys: [String] { entries.keys.sorted() }

    mutating func text(_ key: String) throws(ProfileFault) -> String {
        guard let text = try optionalText(key) else { throw missing(key) }
        return text
    }

    mutating func optionalText(_ key: String) throws(ProfileFault) -> String? {
        guard let node = entries.removeValue(forKey: key) else { return nil }
        guard case .scalar(let scalar) = node else { throw fault(key, "a text is expected") }
        return scalar.string
    }

    /// A JSON pointer that stands in the profile itself.
    mutating func pointer(_ key: String) throws(ProfileFault) -> String {
        let text = try text(key)
        guard JSONValue.isPointer(text), !text.contains("{{") else { throw fault(key, "a JSON pointer is expected") }
        return text
    }

    mutating func flag(_ key: String, absent: Bool = false) throws(ProfileFault) -> Bool {
        switch try optionalText(key) {
        case nil: return absent
        case "false": return false
        case "true": return true
        default: throw fault(key, "true or false is expected")
        }
    }

    mutating func number(_ key: String, in range: ClosedRange<Int>) throws(ProfileFault) -> Int {
        guard let number = Int(try text(key)), range.contains(number) else {
            throw fault(key, "a whole number from \(range.lowerBound) to \(range.upperBound) is expected")
        }
        return number
    }

    mutating func span(_ key: String) throws(ProfileFault) -> Span {
        guard let span = try optionalSpan(key) else { throw missing(key) }
        return span
    }

    mutating func optionalSpan(_ key: String) throws(ProfileFault) -> Span? {
        guard let text = try optionalText(key) else { return nil }
        guard let span = Span(text) else { throw fault(key, "a length of time such as 90d or 2m is expected") }
        return span
    }

    mutating func map(_ key: String) throws(ProfileFault) -> YAMLMap {
        guard let map = try optionalMap(key) else { throw missing(key) }
        return map
    }

    mutating func optionalMap(_ key: String) throws(ProfileFault) -> YAMLMap? {
        guard let node = entries.removeValue(forKey: key) else { return nil }
        return try YAMLMap(node, location: Self.join(location, key))
    }

    /// The texts of a mapping from text to text.
    mutating func texts(_ key: String) throws(ProfileFault) -> [String: String] {
        guard var map = try optionalMap(key) else { return [:] }
        var result: [String: String] = [:]
        for key in map.keys { result[key] = try map.text(key) }
        return result
    }

    /// The elements of a list; a missing list is empty.
    mutating func list<Element>(
        _ key: String, _ read: (Node, String) throws(ProfileFault) -> Element
    ) throws(ProfileFault) -> [Element] {
        guard let node = entries.removeValue(forKey: key) else { return [] }
        guard case .sequence(let sequence) = node else { throw fault(key, "a list is expected") }
        var result: [Element] = []
        for (index, element) in sequence.enumerated() {
            result.append(try read(element, "\(Self.join(location, key))[\(index)]"))
        }
        return result
    }

    /// One text or a list of texts.
    mutating func oneOrMore(_ key: String) throws(ProfileFault) -> [String]? {
        guard let node = entries[key] else { return nil }
        if case .scalar(let scalar) = node {
            entries.removeValue(forKey: key)
            return [scalar.string]
        }
        return try list(key) { node, location throws(ProfileFault) in
            guard let text = node.scalar?.string else {
                throw ProfileFault(location: location, problem: "a text is expected")
            }
            return text
        }
    }

    /// To be called when all keys have been read.
    func finish() throws(ProfileFault) {
        guard let unknown = entries.keys.sorted().first else { return }
        throw fault(unknown, "unknown key")
    }

    func fault(_ key: String, _ problem: String) -> ProfileFault {
        ProfileFault(location: Self.join(location, key), problem: problem)
    }

    private func missing(_ key: String) -> ProfileFault { fault(key, "is missing") }

    private static func join(_ location: String, _ key: String) -> String {
        location.isEmpty ? key : location + "." + key
    }
}
