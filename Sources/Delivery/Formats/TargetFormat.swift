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
    /// What the file holds of the variables with these names, by name, as its readers read it.
    func held(_ names: [String]) -> [String: HeldValue]
    /// The content with each variable set once: in its place where it stands, else at the end. All else stays, and
    /// means the same to the file's readers.
    /// - Parameters:
    ///   - abandoned: names that were ours and are not wanted any more.
    ///   - path: where the file lies, for errors.
    ///   - opening: a remark for a file that is empty so far.
    /// - Throws: `setTwice`, `notEncodable`, `byteOrderMark`, `notPlain`, `exported`, `unreadableLine`, `misread`,
    ///   `entangled`.
    func setting(
        _ variables: [Variable], removing abandoned: [String], path: String, opening: String
    ) throws(DeliveryError) -> SecretBytes
}

/// What a target holds of one variable.
public enum HeldValue: Sendable, Equatable {
    case value(SecretBytes)
    /// Something that is not followed, because it depends on other things.
    case otherSpelling
    /// This reader reads another value than others of the file's readers do.
    case misread(reader: String)
    case absent
    /// One of the file's readers cannot be followed in it.
    case unreadable(line: Int, reader: String, DotenvTrouble)
}

/// All formats that a target can have.
public enum TargetFormats {
    /// In the order in which messages list them.
    public static let all: [any TargetFormat] =
        [DotenvFormat.universal] + DotenvFormat.readers.map { DotenvFormat(reader: $0) }

    /// The reader of a target for which none was named.
    public static let standard = DotenvFormat.universal.name

    /// - Throws: `noSuchReader`.
    public static func named(_ name: String) throws(DeliveryError) -> any TargetFormat {
        guard let format = all.first(where: { $0.name == name }) else {
            throw .noSuchReader(name, known: all.map(\.name))
        }
        return format
    }

    /// Why no `.env` file can hold the value, whoever reads it; nil where some reader's can.
    public static func refusal(_ value: SecretBytes) -> Unencodable? { UniversalSpelling.refusal(value) }
}
