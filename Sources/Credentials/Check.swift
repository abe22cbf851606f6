/// What one balance call said of one version. It holds no secret and no sentence: those are made where it is shown.
public struct Check: Hashable, Sendable {
    /// Why there is no usable answer, or why the outcome is not what the provider answered.
    public enum Cause: UInt8, NamedValue {
        case dns = 1
        /// There is no way to the provider's address.
        case connect = 2
        /// The provider's certificate is not one that is trusted.
        case certificate = 3
        /// The provider speaks no version of TLS that is current.
        case tlsVersion = 4
        /// There was a connection, and no whole answer in time.
        case timeout = 5
        /// The provider broke the connection off.
        case reset = 6
        case tooLarge = 7
        /// The environment names a proxy that the courier cannot use.
        case proxy = 8
        case other = 9
        /// The courier itself failed.
        case courier = 10
        /// The courier refused to ask.
        case notAsked = 11
        /// The key was found dead and erased, so that there is nothing to ask with.
        case retired = 12
        /// It was refused before, and its host has seen as many wrong keys as it may.
        case spared = 13
        /// Its host refused other keys, and has seen as many wrong keys as it may.
        case othersRefused = 14
        /// The provider accepts the key, for another account than the one on record.
        case otherAccount = 15
        /// Nothing takes connections at the provider's address.
        case refused = 16
        case connectTimeout = 17
        /// TLS came to nothing, for another reason than the certificate or its versions.
        case tls = 18
        /// The provider closed the connection without an answer.
        case closed = 19
        /// The connection ended in the middle of the answer.
        case cut = 20
        /// What came is no HTTP.
        case notHTTP = 21

        /// The spelling between `rekeep` and the courier, such as `tls-version`.
        public var name: String {
            switch self {
            case .dns: "dns"
            case .connect: "connect"
            case .certificate: "certificate"
            case .tlsVersion: "tls-version"
            case .timeout: "timeout"
            case .reset: "reset"
            case .tooLarge: "too-large"
            case .proxy: "proxy"
            case .other: "other"
            case .courier: "courier"
            case .notAsked: "not-asked"
            case .retired: "retired"
            case .spared: "spared"
            case .othersRefused: "others-refused"
            case .otherAccount: "other-account"
            case .refused: "refused"
            case .connectTimeout: "connect-timeout"
            case .tls: "tls"
            case .closed: "closed"
            case .cut: "cut"
            case .notHTTP: "not-http"
            }
        }
    }

    /// What the answer means; `unreachable` or `unknown` where there was none.
    public let outcome: Outcome
    /// When the answer was there; of a `spared` or `retired` key, when it was last refused.
    public let at: Timestamp
    /// The number of the version that was tried.
    public let version: Int
    /// What the account holds, by currency; the first is the one that counts. Empty where the answer does not say.
    public let balances: [Money]
    /// The account that the provider says the key belongs to.
    public let identity: String?
    /// How long the requests were under way together, from looking up the host to the last byte, in milliseconds.
    public let latency: Int?
    /// The HTTP status; nil where there was no answer.
    public let status: Int?
    /// Nil when the outcome is the provider's own answer.
    public let cause: Cause?
    /// The provider's own words, bounded and without secrets.
    public let providerText: String?
    /// How long the provider asks to wait.
    public let retryAfter: Span?

    /// What the answer does not say is left out.
    public init(
        outcome: Outcome, at: Timestamp, version: Int, balances: [Money] = [], identity: String? = nil,
        latency: Int? = nil, status: Int? = nil, cause: Cause? = nil, providerText: String? = nil,
        retryAfter: Span? = nil
    ) {
        self.outcome = outcome
        self.at = at
        self.version = version
        self.balances = balances
        self.identity = identity
        self.latency = latency
        self.status = status
        self.cause = cause
        self.providerText = providerText
        self.retryAfter = retryAfter
    }

    /// The balance that counts.
    public var balance: Money? { balances.first }
}
