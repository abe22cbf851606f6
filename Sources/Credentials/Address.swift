/// `APPLICATION/ENVIRONMENT/PROVIDER[@ACCOUNT]`: what a credential is called where it is used.
public struct Address: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first two parts.
    public let deployment: Deployment
    /// The id of the provider's profile, such as `domainnameapi`.
    public let provider: String
    /// Tells two accounts with one provider apart; nil for the only one.
    public let account: String?

    /// - Throws: `AddressError.malformed` when `text` is not a complete, valid address.
    public init(_ text: String) throws(AddressError) {
        let characters = text.utf8
        guard let first = characters.firstIndex(of: UInt8(ascii: "/")),
            let second = characters[characters.index(after: first)...].firstIndex(of: UInt8(ascii: "/"))
        else { throw .malformed(text) }
        let deployment = text[..<second]
        let issuer = text[characters.index(after: second)...]
        let at = issuer.utf8.firstIndex(of: UInt8(ascii: "@")) ?? issuer.endIndex
        let account = at == issuer.endIndex ? nil : issuer[characters.index(after: at)...]
        guard Name.isValid(deployment[..<first]), Name.isValid(deployment[characters.index(after: first)...]),
            Name.isValid(issuer[..<at]), account.map(Name.isValid) ?? true
        else { throw .malformed(text) }
        self.init(
            deployment: Deployment(
                application: String(deployment[..<first]),
                environment: String(deployment[characters.index(after: first)...])),
            provider: String(issuer[..<at]), account: account.map { String($0) })
    }

    private init(deployment: Deployment, provider: String, account: String?) {
        self.deployment = deployment
        self.provider = provider
        self.account = account
    }

    /// Such as `whmcs/live/domainnameapi` or `portal/live/domainnameapi@10042`.
    public var description: String {
        deployment.description + "/" + provider + (account.map { "@" + $0 } ?? "")
    }

    /// By deployment, then by provider, then by account; without an account comes first.
    public static func < (left: Address, right: Address) -> Bool {
        (left.deployment, left.provider, left.account ?? "") < (right.deployment, right.provider, right.account ?? "")
    }
}

/// What a user may type for an address: the provider may be left out where only one fits.
public enum AddressReference: Sendable, Equatable {
    case complete(Address)
    case deployment(Deployment)

    /// - Throws: `AddressError.malformed` when `text` is neither.
    public init(_ text: String) throws(AddressError) {
        if let deployment = try? Deployment(text) {
            self = .deployment(deployment)
        } else {
            self = .complete(try Address(text))
        }
    }
}

/// A text that is not an address, a deployment or a pattern.
public enum AddressError: Error, Equatable, Sendable {
    case malformed(String)
    case malformedPattern(String)
}
