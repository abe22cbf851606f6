internal import Sealing

/// Whose spelling of values a `.env` file has: its readers disagree.
protocol DotenvDialect: Sendable {
    var name: String { get }
    /// The value as it stands behind the `=`.
    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes
    /// The value that a spelling stands for; nil when it is none of ours.
    func decode(_ spelling: UnsafeRawBufferPointer) -> SecretBytes?
}

/// A `.env` file in one dialect.
struct DotenvFormat: TargetFormat {
    let dialect: any DotenvDialect

    var name: String { dialect.name }
    func parse(_ content: SecretBytes) -> any ParsedTarget { DotenvFile(content, dialect: dialect) }

    func spelling(of variable: Variable) throws(DeliveryError) -> SecretBytes {
        do {
            return try dialect.encode(variable.value)
        } catch {
            throw .notEncodable(variable: variable.name, error.reason)
        }
    }
}
