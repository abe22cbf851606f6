public import Credentials

/// How one application names the variables of a credential. docs/panels.md lists them with their sources.
public struct Preset: Sendable, Hashable {
    /// As a target and `--preset` name it, such as `whmcs`.
    public let name: String
    private let user: String?
    private let key: String?
    /// The test switch, with its values in a live and in a test environment.
    private let test: Switch?
    /// Every field under its own name, with environment and base URL, instead of the above.
    private let isPlain: Bool

    private struct Switch: Hashable {
        let name: String
        let live: String
        let test: String
    }

    /// A panel whose module reads no file: what is written for it has to be handed on.
    public struct Panel: Sendable, Hashable {
        /// As its makers spell it.
        public let label: String
        /// The documented call that takes the values; nil where there is none.
        public let call: String?
    }

    /// Nil for what reads its variables itself.
    public let panel: Panel?

    private init(
        _ name: String, user: String? = nil, key: String? = nil, test: Switch? = nil, isPlain: Bool = false,
        panel: String? = nil, call: String? = nil
    ) {
        self.name = name
        self.panel = panel.map { Panel(label: $0, call: call) }
        self.user = user
        self.key = key
        self.test = test
        self.isPlain = isPlain
    }

    /// Every field under its own name, with environment and base URL. It is used where no preset is named.
    public static let plain = Preset("plain", isPlain: true)

    /// All presets. Sources: the official modules' configuration fields.
    public static let all: [Preset] = [
        plain,
        Preset(
            "whmcs", user: "API_USERNAME", key: "API_PASSWORD",
            test: Switch(name: "API_TESTMODE", live: "", test: "on"),
            panel: "WHMCS", call: "its API call UpdateModuleConfiguration"),
        Preset(
            "wisecp", user: "USERNAME", key: "PASSWORD", test: Switch(name: "TEST_MODE", live: "0", test: "1"),
            panel: "WISECP"),
        Preset(
            "clientexec", user: "USERNAME", key: "PASSWORD", test: Switch(name: "TEST_MODE", live: "0", test: "1"),
            panel: "ClientExec"),
        Preset(
            "fossbilling", user: "USERNAME", key: "PASSWORD", test: Switch(name: "TEST_MODE", live: "0", test: "1"),
            panel: "FOSSBilling", call: "its API call servicedomain/registrar_update"),
        Preset(
            "hostbill", user: "USERNAME", key: "PASSWORD", test: Switch(name: "TESTMODE", live: "0", test: "1"),
            panel: "HostBill"),
        Preset(
            "blesta", user: "USER", key: "KEY", test: Switch(name: "SANDBOX", live: "false", test: "true"),
            panel: "Blesta"),
        Preset("hostfact", user: "USER", key: "PASSWORD", panel: "HostFact"),
    ]

    /// - Throws: `noSuchPreset`.
    public static func named(_ name: String) throws(DeliveryError) -> Preset {
        guard let preset = all.first(where: { $0.name == name }) else {
            throw .noSuchPreset(name, known: all.map(\.name))
        }
        return preset
    }

    /// Where a variable's value comes from.
    public enum Source: Sendable {
        case field(Field)
        case text(String)
    }

    /// The variables' names and where their values come from, in the order in which they are written.
    /// - Throws: `badVariableName` when the user's prefix makes none.
    public func variables(
        of credential: Credential, at binding: Binding
    ) throws(DeliveryError) -> [(name: String, source: Source)] {
        let prefix = binding.prefix ?? Self.defaultPrefix(credential, binding.address)
        let terms = credential.terms
        var result: [(name: String, source: Source)] = []
        if isPlain {
            for field in terms.fields {
                if let variable = field.variable { result.append((prefix + "_" + variable, .field(field))) }
            }
            result.append((prefix + "_ENVIRONMENT", .text(credential.environment)))
            result.append((prefix + "_BASE_URL", .text(terms.baseURL)))
        } else {
            for (role, suffix) in [(Field.Role.user, user), (.key, key)] {
                if let suffix, let field = terms.fields.first(where: { $0.role == role }) {
                    result.append((prefix + "_" + suffix, .field(field)))
                }
            }
            if let test {
                result.append(
                    (prefix + "_" + test.name, .text(terms.isTest ? test.test : test.live)))
            }
        }
        for (name, _) in result where !Self.isVariableName(name) { throw .badVariableName(name) }
        return result
    }

    /// Refuses a deployment in which two credentials would use one name.
    public func checkNames(_ bound: [(Credential, Binding)]) throws(DeliveryError) {
        var owners: [String: Address] = [:]
        for (credential, binding) in bound {
            for (name, _) in try variables(of: credential, at: binding) {
                if let other = owners.updateValue(binding.address, forKey: name) {
                    throw .sameVariable(name, other, binding.address)
                }
            }
        }
    }

    private static func defaultPrefix(_ credential: Credential, _ address: Address) -> String {
        guard let account = address.account else { return credential.terms.variablePrefix }
        let spelled = account.uppercased().map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "_"
        }
        return credential.terms.variablePrefix + "_" + String(spelled)
    }

    /// Two characters or more, because some readers fail on a one-letter name.
    private static func isVariableName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count >= 2, (65...90).contains(first) else { return false }
        return name.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
    }
}
