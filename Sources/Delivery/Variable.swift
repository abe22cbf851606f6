public import Credentials
public import Sealing

/// One environment variable of a deployment.
public struct Variable: Sendable {
    public let name: String
    public let value: SecretBytes
    /// True when the value may not be shown.
    public let isSecret: Bool
    public let address: Address

    public init(name: String, value: SecretBytes, isSecret: Bool, address: Address) {
        self.name = name
        self.value = value
        self.isSecret = isSecret
        self.address = address
    }
}
