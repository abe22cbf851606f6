/// Values by field name, in the order of the names. A credential has a handful of fields: a short list
/// is read faster than a hash table, of which a vault would hold hundreds of thousands. Inlinable, because generic code of
/// another module asks the runtime for each type.
public struct FieldMap<Value> {
    @usableFromInline var pairs: [(name: String, value: Value)] = []

    /// No field has a value yet.
    @inlinable
    public init() {}

    /// Nil where the field has no value; setting nil takes the value away.
    @inlinable
    public subscript(name: String) -> Value? {
        get {
            for pair in pairs where pair.name == name { return pair.value }
            return nil
        }
        set {
            if let index = pairs.firstIndex(where: { $0.name == name }) { pairs.remove(at: index) }
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
    @inlinable
    public var isEmpty: Bool { pairs.isEmpty }
    /// Sorted.
    @inlinable
    public var names: [String] { pairs.map { $0.name } }
    /// In the order of the names.
    @inlinable
    public var values: [Value] { pairs.map { $0.value } }
    /// Sorted by name.
    @inlinable
    public var all: [(name: String, value: Value)] { pairs }
}

extension FieldMap: ExpressibleByDictionaryLiteral {
    /// The later of two values for one name counts.
    @inlinable
    public init(dictionaryLiteral elements: (String, Value)...) {
        for (name, value) in elements { self[name] = value }
    }
}

extension FieldMap: Equatable where Value: Equatable {
    /// True when both have the same names with equal values.
    @inlinable
    public static func == (left: Self, right: Self) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0.name == $1.name && $0.value == $1.value }
    }
}

extension FieldMap: Hashable where Value: Hashable {
    /// Takes in the names and the values, in the order of the names.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        for (name, value) in pairs {
            hasher.combine(name)
            hasher.combine(value)
        }
    }
}

extension FieldMap: Sendable where Value: Sendable {}
