/// Values by field name, in the order of the names. A credential has a handful of fields: a short list
/// is read faster than a hash table, of which a vault would hold hundreds of thousands.
public struct FieldMap<Value> {
    private var pairs: [(name: String, value: Value)] = []

    /// No field has a value yet.
    public init() {}

    /// Nil where the field has no value; setting nil takes the value away.
    public subscript(name: String) -> Value? {
        get {
            for pair in pairs where pair.name == name { return pair.value }
            return nil
        }
        set {
            pairs.removeAll { $0.name == name }
            guard let newValue else { return }
            // Names mostly come in their order already.
            if let last = pairs.last, last.name > name {
                pairs.insert((name, newValue), at: pairs.firstIndex { $0.name > name } ?? pairs.count)
            } else {
                pairs.append((name, newValue))
            }
        }
    }

    /// True when no field has a value.
    public var isEmpty: Bool { pairs.isEmpty }
    /// Sorted.
    public var names: [String] { pairs.map { $0.name } }
    /// In the order of the names.
    public var values: [Value] { pairs.map { $0.value } }
    /// Sorted by name.
    public var all: [(name: String, value: Value)] { pairs }
}

extension FieldMap: ExpressibleByDictionaryLiteral {
    /// The later of two values for one name counts.
    public init(dictionaryLiteral elements: (String, Value)...) {
        for (name, value) in elements { self[name] = value }
    }
}

extension FieldMap: Equatable where Value: Equatable {
    /// True when both have the same names with equal values.
    public static func == (left: Self, right: Self) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0.name == $1.name && $0.value == $1.value }
    }
}

extension FieldMap: Hashable where Value: Hashable {
    /// Takes in the names and the values, in the order of the names.
    public func hash(into hasher: inout Hasher) {
        for (name, value) in pairs {
            hasher.combine(name)
            hasher.combine(value)
        }
    }
}

extension FieldMap: Sendable where Value: Sendable {}
