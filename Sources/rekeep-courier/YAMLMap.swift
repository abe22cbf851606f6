internal import Credentials
internal import Yams

/// A profile that cannot be used, and where in its file the fault is.
struct ProfileFault: Error, Equatable {
    /// A path inside the file, such as `balance.requests[0].url`.
    let location: String
    let problem: String
    /// Counts from 1; nil where that is not known.
    var line: Int?

    /// Where the fault is, for a person.
    var place: String {
        let line = line.map { "line \($0)" }
        return [location.isEmpty ? nil : location, line].compactMap(\.self).joined(separator: ", ")
    }

    /// With the line on which the place stands, or would stand.
    func located(in root: Node) -> ProfileFault {
        var node = root
        var line = root.mark?.line
        for step in location.split(whereSeparator: { ".[]".contains($0) }) {
            if let index = Int(step), case .sequence(let list) = node, list.indices.contains(index) {
                node = list[index]
            } else if case .mapping(let mapping) = node,
                let (key, value) = mapping.first(where: { $0.key.scalar?.string == String(step) })
            {
                node = value
                line = key.mark?.line ?? line
                continue
            } else {
                break
            }
            line = node.mark?.line ?? line
        }
        return ProfileFault(location: location, problem: problem, line: line)
    }
}

/// A YAML mapping that is read key by key, so that every fault is named with its place and no unknown
/// key is passed over.
struct YAMLMap {
    let location: String
    /// The mapping itself, for a type that reads it whole.
    let node: Node
    private var entries: [String: Node]
    /// What was looked for.
    private var known: Set<String> = []

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
        guard let node = take(key) else { return nil }
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
        guard let node = take(key) else { return nil }
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
        guard let node = take(key) else { return [] }
        guard case .sequence(let sequence) = node else { throw fault(key, "a list is expected") }
        var result: [Element] = []
        for (index, element) in sequence.enumerated() {
            result.append(try read(element, "\(Self.join(location, key))[\(index)]"))
        }
        return result
    }

    /// One text or a list of texts.
    mutating func oneOrMore(_ key: String) throws(ProfileFault) -> [String]? {
        known.insert(key)
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
        let meant = known.sorted().first { Self.isNear($0, unknown) }
        throw fault(unknown, "unknown key" + (meant.map { "; did you mean \($0)?" } ?? ""))
    }

    private mutating func take(_ key: String) -> Node? {
        known.insert(key)
        return entries.removeValue(forKey: key)
    }

    func fault(_ key: String, _ problem: String) -> ProfileFault {
        ProfileFault(location: Self.join(location, key), problem: problem)
    }

    private func missing(_ key: String) -> ProfileFault {
        let typed = entries.keys.sorted().first { Self.isNear($0, key) }
        return fault(key, "is missing" + (typed.map { "; \($0) is no key" } ?? ""))
    }

    /// At most two letters are wrong, missing, too many or exchanged.
    private static func isNear(_ one: String, _ other: String) -> Bool {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        guard abs(one.count - other.count) <= 2, min(one.count, other.count) > 2 else { return false }
        var row = Array(0...other.count)
        for (i, byte) in one.enumerated() {
            var next = [i + 1]
            for (j, wanted) in other.enumerated() {
                next.append(min(row[j] + (byte == wanted ? 0 : 1), row[j + 1] + 1, next[j] + 1))
            }
            row = next
        }
        return (1...2).contains(row[other.count])
    }

    private static func join(_ location: String, _ key: String) -> String {
        location.isEmpty ? key : location + "." + key
    }
}
