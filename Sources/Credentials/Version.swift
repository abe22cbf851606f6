public import Sealing

/// One generation of a credential's values.
public struct Version: Hashable, Sendable {
    /// What a version is used for now.
    public enum State: UInt8, Sendable {
        /// Staged by a rotation, not yet in use.
        case pending = 1
        /// The one that is delivered.
        case current = 2
        /// Replaced, perhaps still accepted by the provider.
        case previous = 3
        /// Dead and erased; only its fingerprints remain.
        case retired = 4

        /// The spelling in messages and JSON, such as `pending`.
        public var name: String {
            switch self {
            case .pending: "pending"
            case .current: "current"
            case .previous: "previous"
            case .retired: "retired"
            }
        }
    }

    /// Counts from 1 within its credential.
    public let number: Int
    /// At most one version of a credential is pending, and at most one is current.
    public var state: State
    /// When its values were added, staged or issued.
    public let createdAt: Timestamp
    /// When it became current; age counts from here.
    public var activatedAt: Timestamp?
    /// When a balance call last answered `ok` for it.
    public var provedAt: Timestamp?
    /// When the provider ends it.
    public var expiresAt: Timestamp?
    /// When it was found dead and its values were erased; nil while they are kept.
    public var retiredAt: Timestamp?
    /// When the provider first refused it; nil again when it is accepted. If any refusal counts (see `refusals`), the
    /// first that does.
    public var refusedAt: Timestamp?
    /// How often it was refused since it was last accepted, while the current one was accepted: only that counts
    /// towards its end, because a provider may refuse everybody for a while.
    public var refusals: Int
    /// The account that the provider named when it was proved.
    public var identity: String?
    /// Dead and erased. After the restore of an older copy the current version can be, too.
    public var isRetired: Bool { state == .retired || retiredAt != nil }
    /// The plain values by field name.
    public var plain: FieldMap<String>
    /// The fingerprints of the secret values by field name.
    public var fingerprints: FieldMap<Fingerprint>

    /// A new one, or one as it was stored.
    public init(
        number: Int, state: State, createdAt: Timestamp, activatedAt: Timestamp? = nil, provedAt: Timestamp? = nil,
        expiresAt: Timestamp? = nil, retiredAt: Timestamp? = nil, refusedAt: Timestamp? = nil, refusals: Int = 0,
        identity: String? = nil,
        plain: FieldMap<String>,
        fingerprints: FieldMap<Fingerprint>
    ) {
        self.number = number
        self.state = state
        self.createdAt = createdAt
        self.activatedAt = activatedAt
        self.provedAt = provedAt
        self.expiresAt = expiresAt
        self.retiredAt = retiredAt
        self.refusedAt = refusedAt
        self.refusals = refusals
        self.identity = identity
        self.plain = plain
        self.fingerprints = fingerprints
    }

    /// Records that the provider accepted it.
    public mutating func accept(at time: Timestamp) {
        provedAt = time
        refusedAt = nil
        refusals = 0
    }

    /// The first refusal of those that retire it.
    public var firstCountedRefusal: Timestamp? { refusals > 0 ? refusedAt : nil }

    /// Records that the provider refused it, whatever it says of the current one: this does not count towards its end.
    public mutating func deny(at time: Timestamp) {
        refusedAt = refusedAt ?? time
    }

    /// Records that the provider refused it while it accepted the current one: this counts towards its end.
    public mutating func refuse(at time: Timestamp) {
        refusedAt = firstCountedRefusal ?? time
        refusals += 1
    }

    /// Accepted once, and not refused since.
    public var isThoughtAlive: Bool { provedAt != nil && refusedAt == nil }
}
