/// An enumeration whose cases have names: the same in JSON, in profiles and between our programs.
public protocol NamedValue: RawRepresentable, CaseIterable, Codable, Sendable where RawValue == UInt8 {
    /// The spelling, such as `bad-credentials`.
    var name: String { get }
}

extension NamedValue {
    /// Nil when no case has this name.
    public init?(name: String) {
        guard let value = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = value
    }

    /// - Throws: `DecodingError` for a name that no case has.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let value = Self(name: name) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no such name")
        }
        self = value
    }

    /// Writes the name.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}
