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
        var text = text
        guard let address = text.withUTF8({ Address(utf8: $0) }) else { throw .malformed(text) }
        self = address
    }

    /// As `init(_:)`, from the UTF-8 of a text; nil when it is no address.
    public init?(utf8 text: UnsafeBufferPointer<UInt8>) {
        let slash = UInt8(ascii: "/")
        guard let first = text.firstIndex(of: slash), let second = text[(first + 1)...].firstIndex(of: slash)
        else { return nil }
        let at = text[(second + 1)...].firstIndex(of: UInt8(ascii: "@"))
        guard let application = Name.text(text[..<first]), let environment = Name.text(text[(first + 1)..<second]),
            let provider = Name.text(text[(second + 1)..<(at ?? text.endIndex)])
        else { return nil }
        var account: String?
        if let at {
            guard let name = Name.text(text[(at + 1)...]) else { return nil }
            account = name
        }
        self.init(
            deployment: Deployment(application: application, environment: environment), provider: provider,
            account: account)
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
        if left.deployment != right.deployment { return left.deployment < right.deployment }
        if left.provider != right.provider { return left.provider < right.provider }
        return left.account ?? "" < right.account ?? ""
    }
}

extension Address {
    /// The places of `addresses`, in the order of the addresses.
    public static func order(_ addresses: [Address]) -> [Int] {
        // Most are told apart by how they begin: then no text is compared.
        addresses.indices.map { (beginning: addresses[$0].beginning, place: $0) }.sorted { left, right in
            if left.beginning != right.beginning { return left.beginning < right.beginning }
            let (one, other) = (addresses[left.place], addresses[right.place])
            return one == other ? left.place < right.place : one < other
        }.map(\.place)
    }

    /// The first eight bytes of the application: of two addresses that differ here, the one that has less comes first,
    /// because a name is in ASCII and has no zero byte.
    private var beginning: UInt64 {
        var bytes = deployment.application.utf8.makeIterator()
        return (0..<8).reduce(0) { beginning, _ in beginning << 8 | UInt64(bytes.next() ?? 0) }
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
