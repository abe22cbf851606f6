/// What a provider's profile said of one environment when the credential was added. It is kept with the
/// credential, so that nothing but a balance call needs the profile. It never changes, and all credentials of a vault that
/// have the same terms share them.
public final class Terms: Sendable {
    /// How a new key relates to the old one.
    public enum Mode: UInt8, NamedValue {
        /// Both are valid for a while.
        case overlap = 1
        /// Issuing the new key ends the old one.
        case cutover = 2

        /// The spelling in profiles, options and JSON.
        public var name: String {
            switch self {
            case .overlap: "overlap"
            case .cutover: "cutover"
            }
        }
    }

    /// The provider's name as a person knows it.
    public let label: String
    /// In the order of the profile.
    public let fields: [Field]
    /// Where requests go: the profile's host, or the credential's own `--base-url`.
    public let baseURL: String
    /// The keys of the environment move no real money, as the profile says.
    public let isTest: Bool
    /// The first part of its variables, such as `DOMAINNAMEAPI`.
    public let variablePrefix: String
    /// Used unless the user chooses another one for a rotation.
    public let mode: Mode
    /// The age above which a key is overdue; at three quarters of it a key is due.
    public let maxAge: Span
    /// The longest life that the provider gives a key; nil when keys have no end.
    public let lifetime: Span?
    /// How long a fresh key may be refused before that means anything.
    public let activationWindow: Span
    /// False where a wrong key may cost the account something, so that no negative control is made.
    public let allowsControl: Bool
    /// The outcomes that show a replaced key to be dead, besides `bad-credentials` and `expired`. They count only when
    /// the provider accepts the current key at the same time.
    public let deadWhen: [Outcome]
    /// How many wrong keys the host may see before it might lock somebody out.
    public let attempts: AttemptBudget
    /// Where in the provider's panel keys are shown and made.
    public let panelPath: String

    /// What the profile says, with the credential's own base URL if it has one; or as it was stored.
    public init(
        label: String, fields: [Field], baseURL: String, isTest: Bool, variablePrefix: String, mode: Mode, maxAge: Span,
        lifetime: Span?, activationWindow: Span, allowsControl: Bool = true, deadWhen: [Outcome] = [],
        attempts: AttemptBudget = .usual, panelPath: String
    ) {
        self.label = label
        self.fields = fields
        self.baseURL = baseURL
        self.isTest = isTest
        self.variablePrefix = variablePrefix
        self.mode = mode
        self.maxAge = maxAge
        self.lifetime = lifetime
        self.activationWindow = activationWindow
        self.allowsControl = allowsControl
        self.deadWhen = deadWhen
        self.attempts = attempts
        self.panelPath = panelPath
    }

    /// True when this answer shows a replaced key to be dead, while the provider accepts the current one.
    public func isDead(_ outcome: Outcome) -> Bool { outcome.isDead || deadWhen.contains(outcome) }

    /// In the order of `fields`.
    public var secretFields: [Field] { fields.filter(\.isSecret) }
    /// In the order of `fields`.
    public var plainFields: [Field] { fields.filter { !$0.isSecret } }
}

extension Terms: Hashable {
    /// True when all parts are equal.
    public static func == (left: Terms, right: Terms) -> Bool {
        left === right
            || left.label == right.label && left.fields == right.fields && left.baseURL == right.baseURL
                && left.isTest == right.isTest && left.variablePrefix == right.variablePrefix
                && left.mode == right.mode && left.maxAge == right.maxAge && left.lifetime == right.lifetime
                && left.activationWindow == right.activationWindow && left.allowsControl == right.allowsControl
                && left.deadWhen == right.deadWhen && left.attempts == right.attempts
                && left.panelPath == right.panelPath
    }

    /// Takes in what differs between most terms.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(label)
        hasher.combine(baseURL)
        hasher.combine(fields)
    }
}
