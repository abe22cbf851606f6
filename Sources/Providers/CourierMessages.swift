public import Credentials
public import Sealing

// Everything that crosses the pipe between `rekeep` and the courier: one JSON object a line, matched by number.
// docs/architecture.md describes the lines.

/// A question to the courier. `rekeep` writes it with secrets in locked memory; the courier reads it with texts,
/// because the HTTP library takes nothing else.
public enum CourierQuestion<Value: Sendable>: Sendable {
    /// All profiles, or the one that is named.
    case describe(provider: String?)
    /// Loads the profile that is in a file and runs its samples. The courier cannot read the file.
    case validate(file: String, content: String)
    case balance(ProviderCall<Value>)
    /// Asks for a new key with this one.
    case issue(ProviderCall<Value>)
    /// Asks to end this key.
    case revoke(ProviderCall<Value>)
}

/// Everything that one request to a provider needs, and nothing else.
public struct ProviderCall<Value: Sendable>: Sendable {
    /// The id of the provider's profile.
    public let provider: String
    /// One that the profile declares.
    public let environment: String
    /// The one that is stored with the credential; the profile's own does not count.
    public let baseURL: String
    /// Values by field name, the plain ones too.
    public let fields: [String: Value]
    /// The names of the fields that are secret, whatever the profile says now.
    public let secrets: [String]

    /// Takes the parts as they are; nothing is checked here.
    public init(provider: String, environment: String, baseURL: String, fields: [String: Value], secrets: [String]) {
        self.provider = provider
        self.environment = environment
        self.baseURL = baseURL
        self.fields = fields
        self.secrets = secrets
    }
}

/// What a question asks for, as its line names it.
enum QuestionKind: String, Decodable {
    case describe, validate, balance, issue, revoke
}

/// A line with a question, as the courier reads it.
public struct NumberedQuestion: Decodable, Sendable {
    /// The reply has the same number.
    public let id: Int
    /// Nil when the line is no question that the courier knows.
    public let question: CourierQuestion<String>?

    /// - Throws: `DecodingError` when there is no number to reply to.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(Int.self, forKey: .id)
        question = try? Self.question(container, decoder)
    }

    private enum CodingKeys: CodingKey {
        case id, ask, provider, file, content
    }

    private static func question(
        _ container: KeyedDecodingContainer<CodingKeys>, _ decoder: any Decoder
    ) throws -> CourierQuestion<String> {
        switch try container.decode(QuestionKind.self, forKey: .ask) {
        case .describe: .describe(provider: try container.decodeIfPresent(String.self, forKey: .provider))
        case .validate:
            .validate(
                file: try container.decode(String.self, forKey: .file),
                content: try container.decode(String.self, forKey: .content))
        case .balance: .balance(try ProviderCall(from: decoder))
        case .issue: .issue(try ProviderCall(from: decoder))
        case .revoke: .revoke(try ProviderCall(from: decoder))
        }
    }
}

extension ProviderCall: Decodable where Value == String {
    private enum CodingKeys: String, CodingKey {
        case provider, environment, fields, secrets
        case baseURL = "base_url"
    }
}

/// What the courier says besides replies.
public enum CourierSign {
    /// It waits for a provider's limit, and is well.
    public static let waiting = #"{"waiting":true}"#
}

/// What the courier replies to one question.
public struct CourierReply: Codable, Sendable, Equatable {
    /// Why there is nothing else in the reply.
    public enum Refusal: Error, Codable, Sendable, Equatable {
        case noSuchProvider(String, known: [String])
        case noSuchEnvironment(String)
        /// A profile file is wrong; the location is a path inside the file.
        case badProfile(file: String, location: String, problem: String)
        case badBaseURL
        /// The profile's request would go elsewhere than to the scheme, host and port that are stored with the
        /// credential.
        case leadsElsewhere(provider: String, host: String)
        /// The profile needs a field that the credential does not have.
        case missingValue(provider: String, field: String)
        /// A field's value cannot stand where the profile puts it.
        case unfitValue(provider: String, field: String)
        case malformedQuestion
        /// The profile does not say how a key is issued or ended by API.
        case cannotChangeKeys(String)
    }

    /// The number of the question.
    public let id: Int
    /// For `describe` and `validate`: the profiles that were asked for, sorted by id.
    public var descriptions: [ProviderDescription]?
    /// With the descriptions of all profiles: why some of the user's own cannot be used.
    public var faults: [Refusal]?
    /// For `balance`: the answer. For `issue`: why there is no new key. For `revoke`: `ok` when the key has ended.
    public var result: BalanceResult?
    /// For `issue`: the new key.
    public var issued: IssuedKey?
    /// Nil when the question could be answered.
    public var refusal: Refusal?
    /// The user's file that took a built-in profile's place for this reply.
    public var replacingProfile: String?
    /// The layers of confinement that the courier's kernel does not have; nil when it has all.
    public var missingLayers: [Confinement.Layer]?

    /// The courier sets `replacingProfile` and `missingLayers` afterwards.
    public init(
        id: Int, descriptions: [ProviderDescription]? = nil, faults: [Refusal]? = nil, result: BalanceResult? = nil,
        issued: IssuedKey? = nil, refusal: Refusal? = nil
    ) {
        self.id = id
        self.descriptions = descriptions
        self.faults = faults
        self.result = result
        self.issued = issued
        self.refusal = refusal
    }
}

/// The classified answer of a balance call.
public struct BalanceResult: Codable, Sendable, Equatable {
    /// `unreachable` or `unknown` where there is no usable answer.
    public let outcome: Outcome
    /// One for each currency; the first is the one that counts.
    public var balances: [Money]
    /// The account that the provider says the key belongs to.
    public var identity: String?
    /// When the provider ends the key.
    public var expires: Timestamp?
    /// How long the provider asks to wait.
    public var retryAfter: Span?
    /// When the request that this answers left, in milliseconds of the system's monotonic clock, which all processes
    /// share; nil when none was sent.
    public var began: Int64?
    /// When the answer to that request was there, by the same clock.
    public var ended: Int64?
    /// How long the requests were under way together; waiting for the provider's pace does not count.
    public var latencyMilliseconds: Int?
    /// Nil when the outcome is the provider's own answer.
    public var cause: Check.Cause?
    /// The HTTP status.
    public var status: Int?
    /// The provider's own words, bounded, without secrets and control characters.
    public var providerMessage: String?

    /// `expires`, `retryAfter`, `began` and `ended` are set afterwards.
    public init(
        outcome: Outcome, balances: [Money] = [], identity: String? = nil, latencyMilliseconds: Int? = nil,
        cause: Check.Cause? = nil, status: Int? = nil, providerMessage: String? = nil
    ) {
        self.outcome = outcome
        self.balances = balances
        self.identity = identity
        self.latencyMilliseconds = latencyMilliseconds
        self.cause = cause
        self.status = status
        self.providerMessage = providerMessage
    }
}

/// A key that a provider has just issued. It crosses the pipe as text, which SECURITY.md lists.
public struct IssuedKey: Codable, Sendable, Equatable {
    /// By field name.
    public let values: [String: String]
    /// When the provider ends it.
    public let expires: Timestamp?

    /// What the provider's answer holds.
    public init(values: [String: String], expires: Timestamp?) {
        self.values = values
        self.expires = expires
    }
}

/// What a provider looks like to us: the part of its profile that is needed before and after balance calls. The
/// requests themselves stay with the courier.
public struct ProviderDescription: Codable, Sendable, Equatable {
    /// Where one kind of account of a provider is reached.
    public struct Environment: Codable, Sendable, Equatable {
        /// Such as `live`.
        public let name: String
        /// Nil: the user must give one.
        public let baseURL: String?
        /// Its keys move no real money.
        public let isTest: Bool

        /// As the profile declares it.
        public init(name: String, baseURL: String?, isTest: Bool) {
            self.name = name
            self.baseURL = baseURL
            self.isTest = isTest
        }
    }

    /// The provider's name in an address, such as `domainnameapi`.
    public let id: String
    /// The provider's name as a person knows it.
    public let label: String
    /// In the order of the profile.
    public let fields: [Field]
    /// Sorted by name.
    public let environments: [Environment]
    /// The first part of its variables, such as `DOMAINNAMEAPI`.
    public let variablePrefix: String
    /// How a new key relates to the old one.
    public let mode: Terms.Mode
    /// The age above which a key is overdue.
    public let maxAge: Span
    /// The longest life that the provider gives a key; nil when keys have no end.
    public let lifetime: Span?
    /// How long a fresh key may be refused before that means anything.
    public let activationWindow: Span
    /// False where a wrong key may cost the account something, so that no negative control is made.
    public let allowsControl: Bool
    /// The outcomes that show a replaced key to be dead while the current one is accepted, besides `bad-credentials`
    /// and `expired`.
    public let deadWhen: [Outcome]
    /// How many wrong keys the host may see before it might lock somebody out.
    public let attempts: AttemptBudget
    /// The profile says how a new key is issued by API.
    public let issuesKeys: Bool
    /// Where in the provider's panel keys are shown and made.
    public let panelPath: String
    /// The profile's file when it is the user's own; nil for a built-in profile.
    public let ownFile: String?
    /// The user's own profile took the place of a built-in one with the same id.
    public let replacesBuiltIn: Bool

    /// What the courier read in a profile.
    public init(
        id: String, label: String, fields: [Field], environments: [Environment], variablePrefix: String,
        mode: Terms.Mode, maxAge: Span, lifetime: Span?, activationWindow: Span, allowsControl: Bool,
        deadWhen: [Outcome], attempts: AttemptBudget, issuesKeys: Bool, panelPath: String, ownFile: String?,
        replacesBuiltIn: Bool
    ) {
        self.id = id
        self.label = label
        self.fields = fields
        self.environments = environments
        self.variablePrefix = variablePrefix
        self.mode = mode
        self.maxAge = maxAge
        self.lifetime = lifetime
        self.activationWindow = activationWindow
        self.allowsControl = allowsControl
        self.deadWhen = deadWhen
        self.attempts = attempts
        self.issuesKeys = issuesKeys
        self.panelPath = panelPath
        self.ownFile = ownFile
        self.replacesBuiltIn = replacesBuiltIn
    }
}
