public import Sealing

/// A question to the courier: one JSON line each way, matched by number. docs/architecture.md describes them.
public enum CourierQuestion: Sendable {
    /// All profiles, or the one that is named.
    case describe(provider: String?)
    /// Loads the profile that is in a file and runs its samples.
    case validate(file: String, content: String)
    case balance(BalanceCall)
    /// Asks for a new key with this one.
    case issue(BalanceCall)
    /// Asks to end this key.
    case revoke(BalanceCall)
}

/// A key that a provider has just issued. It crosses the pipe as text, which SECURITY.md lists.
public struct IssuedKey: Codable, Sendable, Equatable {
    /// By field name.
    public let values: [String: String]
    /// When the provider ends it, as it wrote that.
    public let expires: String?

    public init(values: [String: String], expires: String?) {
        self.values = values
        self.expires = expires
    }
}

/// Everything that one balance call needs, and nothing else.
public struct BalanceCall: Sendable {
    public let provider: String
    public let environment: String
    /// Where the credential is kept for; the profile's own host does not count.
    public let baseURL: String
    /// Values by field name, the plain ones too.
    public let fields: [String: SecretBytes]
    /// The names of the fields that are secret, whatever the profile says now.
    public let secrets: [String]

    public init(
        provider: String, environment: String, baseURL: String, fields: [String: SecretBytes], secrets: [String]
    ) {
        self.provider = provider
        self.environment = environment
        self.baseURL = baseURL
        self.fields = fields
        self.secrets = secrets
    }
}

/// What the courier answers.
public struct CourierReply: Codable, Sendable, Equatable {
    /// Why a question has no answer.
    public enum Refusal: Error, Codable, Sendable, Equatable {
        case noSuchProvider(String, known: [String])
        case noSuchEnvironment(String)
        /// A profile file is wrong; the place is a path inside the file.
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

    public let id: Int
    public var descriptions: [ProviderDescription]?
    /// With the descriptions of all profiles: what is wrong with those of the user's that cannot be used.
    public var faults: [Refusal]?
    public var result: BalanceResult?
    public var issued: IssuedKey?
    public var refusal: Refusal?
    /// The user's file that took a built-in profile's place for this answer.
    public var replacingProfile: String?
    /// What the courier's kernel does not confine it with; nil where it does with all.
    public var missingLayers: [Confinement.Layer]?

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

/// The classified answer of a balance call, as it crosses the pipe.
public struct BalanceResult: Codable, Sendable, Equatable {
    /// Why there was no usable answer.
    public enum Cause: String, Codable, Sendable {
        case dns, connect, tls, timeout
        /// The connection ended in the middle of the answer.
        case reset
        /// The provider speaks no version of TLS that is current.
        case tlsVersion = "tls-version"
        case tooLarge = "too-large"
        /// A proxy is named that is none for this program.
        case proxy
        case other
        /// The courier itself failed.
        case courier
        /// The courier refused to ask.
        case notAsked = "not-asked"
    }

    /// An amount as the provider means it.
    public struct Amount: Codable, Sendable, Equatable {
        public let amount: String
        public let currency: String?

        public init(amount: String, currency: String?) {
            self.amount = amount
            self.currency = currency
        }
    }

    /// An outcome's name.
    public let outcome: String
    /// One for each currency; the first is the one that counts.
    public var balances: [Amount]
    public var identity: String?
    /// When the provider ends the key, as it wrote that.
    public var expires: String?
    /// How long the provider asks to wait, in seconds.
    public var retryAfterSeconds: Int?
    /// When the request that this answers left, and when its answer was there, in milliseconds of the system's monotonic
    /// clock, which all processes share.
    public var began: Int64?
    public var ended: Int64?
    public var latencyMilliseconds: Int?
    public var cause: Cause?
    public var status: Int?
    /// The provider's own words, bounded, without secrets and control characters.
    public var providerMessage: String?

    public init(
        outcome: String, balances: [Amount] = [], identity: String? = nil, latencyMilliseconds: Int? = nil,
        cause: Cause? = nil, status: Int? = nil, providerMessage: String? = nil
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

extension CourierQuestion {
    /// The question as one JSON line, built in locked memory.
    func line(id: Int) -> SecretBytes {
        var line = SecretWriter(capacity: 512)
        line.append(Array("{\"id\":\(id)".utf8))
        switch self {
        case .describe(let provider):
            line.append(",\"ask\":\"describe\"")
            if let provider { line.append(key: "provider", SecretBytes(provider.utf8)) }
        case .validate(let file, let content):
            line.append(",\"ask\":\"validate\"")
            line.append(key: "file", SecretBytes(file.utf8))
            line.append(key: "content", SecretBytes(content.utf8))
        case .balance(let call): line.append(asking: "balance", call)
        case .issue(let call): line.append(asking: "issue", call)
        case .revoke(let call): line.append(asking: "revoke", call)
        }
        line.append("}\n")
        return line.finish()
    }
}

extension SecretWriter {
    fileprivate mutating func append(asking what: StaticString, _ call: BalanceCall) {
        append(",\"ask\":\"")
        append(what)
        append("\"")
        append(key: "provider", SecretBytes(call.provider.utf8))
        append(key: "environment", SecretBytes(call.environment.utf8))
        append(key: "base_url", SecretBytes(call.baseURL.utf8))
        append(",\"fields\":{")
        for (index, field) in call.fields.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(json: SecretBytes(field.key.utf8))
            append(UInt8(ascii: ":"))
            append(json: field.value)
        }
        append("},\"secrets\":[")
        for (index, name) in call.secrets.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(json: SecretBytes(name.utf8))
        }
        append(UInt8(ascii: "]"))
    }

    fileprivate mutating func append(key: StaticString, _ value: SecretBytes) {
        append(",\"")
        append(key)
        append("\":")
        append(json: value)
    }

    /// Appends a secret as a JSON string (RFC 8259): the bytes themselves, with the two escapes that it needs.
    public mutating func append(json value: SecretBytes) {
        append(UInt8(ascii: "\""))
        value.withBytes { bytes in
            for byte in bytes {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    append(UInt8(ascii: "\\"))
                    append(byte)
                case 0..<0x20:
                    let digits = Array("0123456789abcdef".utf8)
                    append("\\u00")
                    append(digits[Int(byte >> 4)])
                    append(digits[Int(byte & 0xF)])
                default: append(byte)
                }
            }
        }
        append(UInt8(ascii: "\""))
    }
}
