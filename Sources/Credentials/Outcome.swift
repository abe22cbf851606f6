/// The classified answer of a balance call. Only positive evidence is `ok`.
public enum Outcome: UInt8, NamedValue {
    case rateLimited = 1
    case ipNotAllowed = 2
    case expired = 3
    case wrongEnvironment = 4
    case forbidden = 5
    case badCredentials = 6
    case providerDown = 7
    case ok = 8
    case unknown = 9
    case unreachable = 10

    /// The spelling in profiles and JSON.
    public var name: String {
        switch self {
        case .rateLimited: "rate-limited"
        case .ipNotAllowed: "ip-not-allowed"
        case .expired: "expired"
        case .wrongEnvironment: "wrong-environment"
        case .forbidden: "forbidden"
        case .badCredentials: "bad-credentials"
        case .providerDown: "provider-down"
        case .ok: "ok"
        case .unknown: "unknown"
        case .unreachable: "unreachable"
        }
    }

    /// It shows neither that a key is good nor that it is bad.
    public var isIndeterminate: Bool {
        switch self {
        case .rateLimited, .providerDown, .unknown, .unreachable: true
        case .ipNotAllowed, .expired, .wrongEnvironment, .forbidden, .badCredentials, .ok: false
        }
    }

    /// The provider gave an answer, and it is not that the key is right.
    public var isRefusal: Bool { self != .ok && !isIndeterminate }

    /// The provider said that this key is no key: it is dead.
    public var isDead: Bool {
        switch self {
        case .badCredentials, .expired: true
        case .rateLimited, .ipNotAllowed, .wrongEnvironment, .forbidden, .providerDown, .ok, .unknown, .unreachable:
            false
        }
    }
}
