/// `APPLICATION/ENVIRONMENT/PROVIDER[@ACCOUNT]`: what a credential is called where it is used.
public struct Address: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let deployment: Deployment
    public let provider: String
    /// Tells two accounts with one provider apart; nil for the only one.
    public let account: String?

    /// - Throws: `AddressError.malformed` when `text` is not a complete, valid address.
    public init(_ text: String) throws(AddressError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed(text) }
        let issuer = parts[2].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard Name.isValid(parts[0]), Name.isValid(parts[1]), issuer.allSatisfy(Name.isValid) else {
            throw .malformed(text)
        }
        self.init(
            deployment: Deployment(application: String(parts[0]), environment: String(parts[1])),
            provider: String(issuer[0]), account: issuer.count == 2 ? String(issuer[1]) : nil)
    }

    private init(deployment: Deployment, provider: String, account: String?) {
        self.deployment = deployment
        self.provider = provider
        self.account = account
    }

    public var description: String {
        deployment.description + "/" + provider + (account.map { "@" + $0 } ?? "")
    }

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
