internal import Credentials
internal import Providers
internal import Yams

extension Profile {
    /// First match wins, in this order.
    private static let order: [Outcome] = [
        .rateLimited, .ipNotAllowed, .expired, .wrongEnvironment, .forbidden, .badCredentials, .providerDown, .ok,
    ]

    /// Reads a profile.
    /// - Parameters:
    ///   - ownFile: where it lies, when it is the user's.
    ///   - isBuiltIn: tells whether a profile of that id is in the binary, for which the user's may stand.
    ///   - isTried: its requests are rendered with hostile values. The tests do that to the built-in ones.
    init(
        yaml: String, ownFile: String? = nil, isBuiltIn: (String) -> Bool = { _ in false }, isTried: Bool = true
    ) throws(ProfileFault) {
        guard yaml.utf8.count <= 64 * 1024 else { throw ProfileFault(location: "", problem: "larger than 64 KiB") }
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw ProfileFault(location: "", problem: "not valid YAML", line: Self.line(of: error))
        }
        guard let root else { throw ProfileFault(location: "", problem: "is empty") }
        do throws(ProfileFault) {
            try self.init(root, ownFile: ownFile, isBuiltIn: isBuiltIn, isTried: isTried)
        } catch {
            throw error.located(in: root)
        }
    }

    private static func line(of error: any Error) -> Int? {
        switch error {
        case YamlError.scanner(_, _, let mark, _), YamlError.parser(_, _, let mark, _),
            YamlError.composer(_, _, let mark, _):
            mark.line
        default: nil
        }
    }

    private init(
        _ root: Node, ownFile: String?, isBuiltIn: (String) -> Bool, isTried: Bool
    ) throws(ProfileFault) {
        var map = try YAMLMap(root, location: "")
        let fields = try map.list("fields", Self.field)
        let environments = try Self.environments(&map)
        let modeName = try map.text("rotation")
        guard let mode = Terms.Mode(name: modeName) else {
            throw map.fault("rotation", "overlap or cutover is expected")
        }
        let issue = try map.optionalMap("issue").map { given throws(ProfileFault) in try Self.issue(given) }
        self.issue = issue
        let id = try map.text("id")
        let deadWhen = try Self.deadWhen(&map)
        let attempts = try Self.attempts(&map)
        description = ProviderDescription(
            id: id, label: try map.text("label"), fields: fields, environments: environments,
            variablePrefix: try map.text("variable_prefix"), mode: mode, maxAge: try map.span("max_age"),
            lifetime: try map.optionalSpan("lifetime"),
            activationWindow: try map.span("activation_window"),
            allowsControl: try map.flag("control", absent: true), deadWhen: deadWhen, attempts: attempts,
            issuesKeys: issue != nil,
            panelPath: try map.text("panel"), ownFile: ownFile,
            replacesBuiltIn: ownFile != nil && isBuiltIn(id))
        limit = try Self.limit(map.map("limit"))
        samples = try map.list("samples", Self.sample)
        revoke = try map.optionalMap("revoke").map { given throws(ProfileFault) in
            var map = given
            let change = try Self.change(&map)
            try map.finish()
            return change
        }
        var balance = try map.map("balance")
        try map.finish()
        requests = try balance.list("requests", Self.request)
        var rules = try balance.map("outcomes")
        var outcomes: [(Outcome, [Condition])] = []
        for outcome in Self.order {
            let conditions = try rules.list(outcome.name) { node, location throws(ProfileFault) in
                try Condition(node, location: location)
            }
            if !conditions.isEmpty { outcomes.append((outcome, conditions)) }
        }
        self.outcomes = outcomes
        try rules.finish()
        money = try balance.list("money", Self.moneyRule)
        identity = try balance.optionalText("identity").map { text throws(ProfileFault) in
            try Template(text, location: "balance.identity")
        }
        identityRequest = try balance.optionalMap("identity_request").map { given throws(ProfileFault) in
            var map = given
            let pointer = try map.pointer("pointer")
            let request = try map.map("request")
            try map.finish()
            return (try Self.request(request.node, request.location), pointer)
        }
        expires = balance.keys.contains("expires") ? try balance.pointer("expires") : nil
        messages = try balance.oneOrMore("message") ?? []
        guard messages.allSatisfy({ JSONValue.isPointer($0) && !$0.contains("{{") }) else {
            throw balance.fault("message", "JSON pointers are expected")
        }
        try balance.finish()
        try check(isTried: isTried)
    }

    /// Answers for a replaced key that end it, besides that it is no key.
    private static func deadWhen(_ map: inout YAMLMap) throws(ProfileFault) -> [Outcome] {
        let names = try map.oneOrMore("dead_when") ?? []
        return try names.map { name throws(ProfileFault) in
            guard let outcome = Outcome(name: name), outcome.isRefusal else {
                throw map.fault("dead_when", "outcomes that refuse are expected, such as forbidden")
            }
            return outcome
        }
    }

    private static func environments(_ map: inout YAMLMap) throws(ProfileFault) -> [ProviderDescription.Environment] {
        let urls = try map.texts("environments")
        let tests = try map.oneOrMore("test_environments") ?? []
        for name in tests where urls[name] == nil {
            throw map.fault("test_environments", "\(name) is no environment")
        }
        return try urls.sorted { $0.key < $1.key }.map { pair throws(ProfileFault) in
            if !pair.value.isEmpty, (try? BaseURL(pair.value)) == nil {
                throw ProfileFault(location: "environments.\(pair.key)", problem: "an https URL is expected")
            }
            return ProviderDescription.Environment(
                name: pair.key, baseURL: pair.value.isEmpty ? nil : pair.value, isTest: tests.contains(pair.key))
        }
    }

    private static func attempts(_ map: inout YAMLMap) throws(ProfileFault) -> AttemptBudget {
        guard var given = try map.optionalMap("wrong_attempts") else { return .usual }
        let budget = AttemptBudget(most: try given.number("most", in: 1...1000), per: try given.span("per"))
        try given.finish()
        return budget
    }

    private static func field(_ node: Node, _ location: String) throws(ProfileFault) -> Field {
        var map = try YAMLMap(node, location: location)
        let pattern = try map.optionalText("pattern")
        if let pattern, FieldPattern(pattern) == nil { throw map.fault("pattern", "not a regular expression") }
        guard let role = Field.Role(name: try map.text("role")) else {
            throw map.fault("role", "user, key or other is expected")
        }
        let field = Field(
            name: try map.text("name"), label: try map.text("label"), isSecret: try map.flag("secret"),
            isOptional: try map.flag("optional"), role: role, pattern: pattern,
            variable: try map.optionalText("variable"))
        try map.finish()
        return field
    }

    private static func limit(_ given: YAMLMap) throws(ProfileFault) -> Limit {
        var map = given
        guard let scope = Limit.Scope(rawValue: try map.text("scope")) else {
            throw map.fault("scope", "key or host is expected")
        }
        let limit = Limit(requests: try map.number("requests", in: 1...1000), per: try map.span("per"), scope: scope)
        guard limit.per.seconds <= 5 * Int64(limit.requests) else {
            throw map.fault("per", "at most five seconds for each request")
        }
        try map.finish()
        return limit
    }

    private static func issue(_ given: YAMLMap) throws(ProfileFault) -> Issue {
        var map = given
        let change = try change(&map)
        var values: [(field: String, pointer: String)] = []
        if var pointers = try map.optionalMap("values") {
            for field in pointers.keys { values.append((field, try pointers.pointer(field))) }
        }
        guard !values.isEmpty else { throw map.fault("values", "the place of the new key is missing") }
        let expires = map.keys.contains("expires") ? try map.pointer("expires") : nil
        let issue = Issue(change: change, values: values, expires: expires)
        try map.finish()
        return issue
    }

    private static func change(_ map: inout YAMLMap) throws(ProfileFault) -> Change {
        let methods = ["POST", "PUT", "DELETE"]
        let requests: [Request]
        if map.keys.contains("requests") {
            requests = try map.list("requests") { node, location throws(ProfileFault) in
                try request(node, location, methods: methods)
            }
        } else {
            let given = try map.map("request")
            requests = [try request(given.node, given.location, methods: methods)]
        }
        let change = Change(
            requests: requests,
            succeeded: try map.list("succeeded") { node, location throws(ProfileFault) in
                try Condition(node, location: location)
            })
        guard !change.succeeded.isEmpty else { throw map.fault("succeeded", "is missing: nothing would ever succeed") }
        return change
    }

    private static func request(_ node: Node, _ location: String) throws(ProfileFault) -> Request {
        try request(node, location, methods: ["GET", "POST"])
    }

    private static func request(_ node: Node, _ location: String, methods: [String]) throws(ProfileFault) -> Request {
        var map = try YAMLMap(node, location: location)
        let method = try map.text("method")
        guard methods.contains(method) else {
            throw map.fault("method", methods.joined(separator: " or ") + " is expected")
        }
        let headers = try templates(map.texts("headers"), location + ".headers")
        if map.keys.contains("form"), map.keys.contains("json") {
            throw map.fault("json", "a request has either a form or a JSON body")
        }
        let form = try templates(map.texts("form"), location + ".form")
        let json = try map.optionalText("json").map { text throws(ProfileFault) in
            try Template(text, location: location + ".json")
        }
        let next: Condition?
        if let test = try map.optionalMap("next_when") {
            next = try Condition(test.node, location: test.location)
        } else {
            next = nil
        }
        let request = Request(
            method: method, url: try Template(map.text("url"), location: location + ".url"), headers: headers,
            body: json.map { .json($0) } ?? (form.isEmpty ? .none : .form(form)), nextWhen: next,
            needs: try map.optionalText("needs"))
        try map.finish()
        return request
    }

    private static func templates(
        _ texts: [String: String], _ location: String
    ) throws(ProfileFault) -> [(name: String, value: Template)] {
        try texts.sorted { $0.key < $1.key }.map { pair throws(ProfileFault) in
            (pair.key, try Template(pair.value, location: location + "." + pair.key))
        }
    }

    private static func moneyRule(_ node: Node, _ location: String) throws(ProfileFault) -> MoneyRule {
        var map = try YAMLMap(node, location: location)
        let rule = MoneyRule(
            pointer: try Template(map.text("pointer"), location: location + ".pointer"),
            currencyPointer: try map.optionalText("currency_pointer").map { text throws(ProfileFault) in
                try Template(text, location: location + ".currency_pointer")
            },
            currency: try map.optionalText("currency"))
        if let currency = rule.currency, !Money.isCurrency(currency) {
            throw map.fault("currency", "a code such as USD is expected")
        }
        try map.finish()
        return rule
    }

    private static func amount(_ map: inout YAMLMap) throws(ProfileFault) -> [Money] {
        let currency = try map.optionalText("currency")
        guard let amount = try map.optionalText("balance") else { return [] }
        guard let money = Money(amount: amount, currency: currency) else {
            throw map.fault("balance", "a decimal number is expected")
        }
        return [money]
    }

    private static func sample(_ node: Node, _ location: String) throws(ProfileFault) -> Sample {
        var map = try YAMLMap(node, location: location)
        guard let outcome = Outcome(name: try map.text("outcome")) else {
            throw map.fault("outcome", "no such outcome")
        }
        let sample = Sample(
            name: try map.text("name"), source: try map.text("source"), fields: try map.texts("fields"),
            answer: Answer(
                status: try map.number("status", in: 100...599),
                headers: try map.texts("headers").map { ($0.key, $0.value) }, body: Array(try map.text("body").utf8)),
            expected: BalanceResult(
                outcome: outcome, balances: try Self.amount(&map),
                identity: try map.optionalText("identity"),
                providerMessage: try map.optionalText("message")))
        try map.finish()
        return sample
    }
}
