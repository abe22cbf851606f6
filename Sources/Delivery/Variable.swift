public import Credentials
public import Sealing

/// One environment variable of a deployment.
public struct Variable: Sendable {
    /// Such as `DOMAINNAMEAPI_KEY`.
    public let name: String
    /// In locked memory, also when it is not secret.
    public let value: SecretBytes
    /// True when the value may not be shown.
    public let isSecret: Bool
    /// The address of the deployment to which the value's credential is bound.
    public let address: Address

    /// A preset gives the name, a field of the credential or the preset itself the value.
    public init(name: String, value: SecretBytes, isSecret: Bool, address: Address) {
        self.name = name
        self.value = value
        self.isSecret = isSecret
        self.address = address
    }
}
