public import Credentials

/// What a provider looks like to us: the part of its profile that is needed before and after balance
/// calls. The courier sends it; the requests themselves stay there.
public struct ProviderDescription: Codable, Sendable, Equatable {
    public struct FieldDescription: Codable, Sendable, Equatable {
        public let name: String
        public let label: String
        public let secret: Bool
        public let optional: Bool
        public let role: String
        public let pattern: String?
        public let variable: String?

        public init(
            name: String, label: String, secret: Bool, optional: Bool, role: String, pattern: String?,
            variable: String?
        ) {
            self.name = name
            self.label = label
            self.secret = secret
            self.optional = optional
            self.role = role
            self.pattern = pattern
            self.variable = variable
        }
    }

    public let id: String
    public let label: String
    public let fields: [FieldDescription]
    /// The base URL of each environment; empty text: the user must give one.
    public let environments: [String: String]
    public let variablePrefix: String
    public let mode: String
    public let maxAgeSeconds: Int64
    public let lifetimeSeconds: Int64?
    public let activationWindowSeconds: Int64
    public let allowsControl: Bool
    /// The outcomes that end a replaced key while the current one is accepted, besides a plain refusal.
    public let deadWhen: [String]
    /// At most so many wrong keys in so long.
    public let mostAttempts: Int
    public let attemptsSeconds: Int64
    /// It says how a new key is asked for by API.
    public let issuesKeys: Bool
    public let panelPath: String
    /// The file, when it is the user's.
    public let ownFile: String?
    /// It took the place of a built-in profile with the same id.
    public let replacesBuiltIn: Bool

    /// The user's file that took a built-in profile's place.
    public var replacingFile: String? { replacesBuiltIn ? ownFile : nil }

    public init(
        id: String, label: String, fields: [FieldDescription], environments: [String: String],
        variablePrefix: String, mode: String, maxAgeSeconds: Int64, lifetimeSeconds: Int64?,
        activationWindowSeconds: Int64, allowsControl: Bool, deadWhen: [String],
        mostAttempts: Int, attemptsSeconds: Int64, issuesKeys: Bool, panelPath: String,
        ownFile: String?, replacesBuiltIn: Bool
    ) {
        self.id = id
        self.label = label
        self.fields = fields
        self.environments = environments
        self.variablePrefix = variablePrefix
        self.mode = mode
        self.maxAgeSeconds = maxAgeSeconds
        self.lifetimeSeconds = lifetimeSeconds
        self.activationWindowSeconds = activationWindowSeconds
        self.allowsControl = allowsControl
        self.deadWhen = deadWhen
        self.mostAttempts = mostAttempts
        self.attemptsSeconds = attemptsSeconds
        self.issuesKeys = issuesKeys
        self.panelPath = panelPath
        self.ownFile = ownFile
        self.replacesBuiltIn = replacesBuiltIn
    }

    /// Why a credential cannot be made from this description.
    public enum Refusal: Error, Equatable, Sendable {
        case noSuchEnvironment(String, known: [String])
        case needsBaseURL
        case baseURL(BaseURL.Refusal)
        /// The given base URL is the host of another environment.
        case hostOfAnotherEnvironment(host: String, environment: String)
        case malformed
    }

    /// The terms of one environment, with the user's own base URL in place of the profile's if given.
    public func terms(environment: String, ownBaseURL: String?) throws(Refusal) -> Terms {
        guard let profileURL = environments[environment] else {
            throw .noSuchEnvironment(environment, known: environments.keys.sorted())
        }
        guard let text = ownBaseURL ?? (profileURL.isEmpty ? nil : profileURL) else { throw .needsBaseURL }
        let baseURL: BaseURL
        do {
            baseURL = try BaseURL(text)
        } catch {
            throw .baseURL(error)
        }
        for (other, url) in environments where other != environment && !url.isEmpty && url != profileURL {
            if let otherHost = try? BaseURL(url).host, otherHost == baseURL.host {
                throw .hostOfAnotherEnvironment(host: otherHost, environment: other)
            }
        }
        guard let mode = Terms.Mode(name: mode) else { throw .malformed }
        return Terms(
            label: label, fields: try fields.map { field throws(Refusal) in try Self.field(field) },
            baseURL: baseURL.description, variablePrefix: variablePrefix, mode: mode,
            maxAge: Span(seconds: maxAgeSeconds), lifetime: lifetimeSeconds.map(Span.init(seconds:)),
            activationWindow: Span(seconds: activationWindowSeconds), allowsControl: allowsControl,
            deadWhen: deadWhen.compactMap(Outcome.init(name:)),
            attempts: AttemptBudget(most: mostAttempts, per: Span(seconds: attemptsSeconds)), panelPath: panelPath)
    }

    private static func field(_ description: FieldDescription) throws(Refusal) -> Field {
        let roles: [String: Field.Role] = ["user": .user, "key": .key, "other": .other]
        guard let role = roles[description.role] else { throw .malformed }
        return Field(
            name: description.name, label: description.label, isSecret: description.secret,
            isOptional: description.optional, role: role, pattern: description.pattern,
            variable: description.variable)
    }
}
