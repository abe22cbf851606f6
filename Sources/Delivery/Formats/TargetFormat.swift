public import Sealing

/// How a target's file spells the values that it holds.
public protocol TargetFormat: Sendable {
    /// As a target names it.
    var name: String { get }
    /// What a file holds; a missing one holds nothing.
    func parse(_ content: SecretBytes) -> any ParsedTarget
    /// A value as it stands in a file.
    /// - Throws: `notEncodable` where nothing that the format can write reads back as the value.
    func spelling(of variable: Variable) throws(DeliveryError) -> SecretBytes
}

/// A file of a format, as it was found.
public protocol ParsedTarget {
    /// What the file holds of the variable with this name.
    func held(_ name: String) -> HeldValue
    /// The content with each variable set once: in its place where it stands, else at the end. All else stays.
    /// - Parameters:
    ///   - abandoned: names that were ours and are not wanted any more.
    ///   - path: where the file lies, for errors.
    ///   - opening: a remark for a file that is empty so far.
    /// - Throws: `setTwice`, `notEncodable`, `byteOrderMark`.
    func setting(
        _ variables: [Variable], removing abandoned: [String], path: String, opening: String
    ) throws(DeliveryError) -> SecretBytes
}

/// What a target holds of one variable.
public enum HeldValue: Sendable, Equatable {
    case value(SecretBytes)
    /// Something in a spelling that we never write.
    case otherSpelling
    case absent
}

/// All formats that a target can have.
public enum TargetFormats {
    /// In the order in which messages list them.
    public static let all: [any TargetFormat] = [DotenvFormat(dialect: UniversalDialect())]

    /// The format of a target for which none was named.
    public static let standard = UniversalDialect.name

    /// - Throws: `noSuchDialect`.
    public static func named(_ name: String) throws(DeliveryError) -> any TargetFormat {
        guard let format = all.first(where: { $0.name == name }) else {
            throw .noSuchDialect(name, known: all.map(\.name))
        }
        return format
    }
}
