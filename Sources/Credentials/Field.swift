/// One value of a credential, as its provider's profile describes it.
public struct Field: Hashable, Codable, Sendable {
    /// What a field is for a panel's preset.
    public enum Role: UInt8, NamedValue {
        /// The account: a panel's user name.
        case user = 1
        /// The secret: a panel's password, key or token.
        case key = 2
        /// Neither: only the `plain` preset may carry it.
        case other = 3

        /// The spelling in profiles, such as `user`.
        public var name: String {
            switch self {
            case .user: "user"
            case .key: "key"
            case .other: "other"
            }
        }
    }

    /// The key in `--input` and in JSON, such as `api_key`.
    public let name: String
    /// What a person calls it, such as `API key`.
    public let label: String
    /// A secret value is sealed by itself, and masked where it is shown.
    public let isSecret: Bool
    /// May be left out or empty.
    public let isOptional: Bool
    /// What presets look for. The negative control changes a character of the field with the role `key`.
    public let role: Role
    /// A POSIX extended regular expression that the whole value must match; nil for an opaque value.
    public let pattern: String?
    /// The last part of its variable in the `plain` preset (`KEY` of `DOMAINNAMEAPI_KEY`); nil: not delivered.
    public let variable: String?

    /// As a profile declares it, or as it was stored.
    public init(
        name: String, label: String, isSecret: Bool, isOptional: Bool, role: Role, pattern: String?, variable: String?
    ) {
        self.name = name
        self.label = label
        self.isSecret = isSecret
        self.isOptional = isOptional
        self.role = role
        self.pattern = pattern
        self.variable = variable
    }
}
