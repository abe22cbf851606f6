/// An address that a credential is bound to.
public struct Binding: Hashable, Sendable {
    /// No other credential of the vault is bound to it.
    public let address: Address
    /// The variables' prefix there, when the user chose one.
    public let prefix: String?

    /// `prefix` is nil unless the user chose one.
    public init(address: Address, prefix: String?) {
        self.address = address
        self.prefix = prefix
    }
}

/// What a provider issued to one account in one environment: no secret value is in here.
public struct Credential: Hashable, Sendable {
    /// Never changes, whatever addresses the credential is bound to.
    public let id: CredentialID
    /// The id of the provider's profile.
    public let provider: String
    /// Such as `live`; every address of the credential has the same.
    public let environment: String
    /// As they were when the credential was added.
    public var terms: Terms
    /// True when the user gave the base URL; false when it is the profile's.
    public var hasOwnBaseURL: Bool
    /// The addresses it is used at, sorted; none in what stays of a removed credential.
    public var bindings: [Binding]
    /// Ascending by number; exactly one is current, except in what stays of a removed credential.
    public var versions: [Version]
    /// The age that the user set for this credential alone.
    public var maxAge: Span?
    /// The user's remark; empty when there is none.
    public var note: String
    /// The account that it belongs to, as its user knows it; empty when that was not said.
    public var account: String
    /// The last check that was recorded, whatever version it was of; nil before the first.
    public var lastCheck: Check?

    /// A new one, or one as it was read from the vault.
    public init(
        id: CredentialID, provider: String, environment: String, terms: Terms, hasOwnBaseURL: Bool,
        bindings: [Binding], versions: [Version], maxAge: Span? = nil, note: String = "",
        account: String = "", lastCheck: Check? = nil
    ) {
        self.id = id
        self.provider = provider
        self.environment = environment
        self.terms = terms
        self.hasOwnBaseURL = hasOwnBaseURL
        self.bindings = bindings
        self.versions = versions
        self.maxAge = maxAge
        self.note = note
        self.account = account
        self.lastCheck = lastCheck
    }

    /// Sorted, as the bindings are.
    public var addresses: [Address] { bindings.map(\.address) }

    /// Nil only in what stays of a removed credential.
    public var current: Version? { version(in: .current) }

    /// Where among the versions the current one stands.
    public var currentPlace: Int? { versions.lastIndex { $0.state == .current } }

    /// The version with the highest number in this state; nil when there is none.
    public func version(in state: Version.State) -> Version? {
        versions.last { $0.state == state }
    }

    /// Replaced versions that the provider may still accept, oldest first.
    public var previous: [Version] { versions.filter { $0.state == .previous } }

    /// What can come back: every version but the current one that is not erased, newest first.
    public var kept: [Version] { versions.reversed().filter { $0.state != .current && !$0.isRetired } }

    /// What the last check said, if it was of this version.
    public func lastCheck(of number: Int) -> Check? { lastCheck.flatMap { $0.version == number ? $0 : nil } }

    /// Nil when no version has this number.
    public func version(number: Int) -> Version? {
        versions.first { $0.number == number }
    }

    /// Changes the version with this number; does nothing when there is none.
    public mutating func update(version number: Int, _ change: (inout Version) -> Void) {
        guard let index = versions.firstIndex(where: { $0.number == number }) else { return }
        change(&versions[index])
    }

    /// Nil when the credential is not bound to the address.
    public func binding(at address: Address) -> Binding? {
        bindings.first { $0.address == address }
    }
}
