internal import Credentials
internal import Providers
internal import Yams

/// The declarative description of a provider: everything that is known of it is data.
struct Profile {
    struct Request {
        enum Body {
            case none
            case form([(name: String, value: Template)])
            case json(Template)
        }

        let method: String
        let url: Template
        let headers: [(name: String, value: Template)]
        let body: Body
        /// When the answer fits, the next request is tried instead of reading this answer.
        let nextWhen: Condition?
    }

    struct MoneyRule {
        let pointer: Template
        let currencyPointer: Template?
        let currency: String?
    }

    struct Limit {
        enum Scope: String {
            case key, host
        }

        let requests: Int
        let per: Span
        let scope: Scope
    }

    /// An answer as the provider gives it, and what must be made of it.
    struct Sample {
        let name: String
        let source: String
        let fields: [String: String]
        let answer: Answer
        let expected: BalanceResult

        /// What is read differently from what the sample says; nil when nothing is.
        func disagreement(with result: BalanceResult) -> String? {
            let pairs: [(String, String?, String?)] = [
                ("outcome", expected.outcome, result.outcome), ("balance", expected.balance, result.balance),
                ("currency", expected.currency, result.currency), ("identity", expected.identity, result.identity),
                ("message", expected.providerMessage, result.providerMessage),
            ]
            for (name, wanted, found) in pairs where wanted != found {
                return "\(name) is \(found ?? "nothing"), not \(wanted ?? "nothing")"
            }
            return nil
        }
    }

    /// A request that changes something at the provider, and the answers that say that it did.
    struct Change {
        let request: Request
        let succeeded: [Condition]
    }

    /// How a new key is made by API.
    struct Issue {
        let change: Change
        /// Where in the answer the new value of each field stands.
        let values: [(field: String, pointer: String)]
        /// Where the moment stands at which the provider ends it (RFC 3339), if it says so.
        let expires: String?
    }

    let description: ProviderDescription
    let issue: Issue?
    /// Ends the key that the request is made with.
    let revoke: Change?
    let requests: [Request]
    /// In the order in which they are tried.
    let outcomes: [(outcome: Outcome, conditions: [Condition])]
    let money: [MoneyRule]
    let identity: Template?
    let messages: [String]
    let limit: Limit
    let samples: [Sample]

    /// First match wins, in this order.
    private static let order: [Outcome] = [
        .rateLimited, .ipNotAllowed, .expired, .wrongEnvironment, .forbidden, .badCredentials, .providerDown, .ok,
    ]

    /// Reads a profile.
    /// - Parameter isOwn: the file is the user's.
    init(yaml: String, isOwn: Bool) throws(ProfileFault) {
        guard yaml.utf8.count <= 64 * 1024 else { throw ProfileFault(place: "", problem: "larger than 64 KiB") }
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw ProfileFault(place: "", problem: "not valid YAML")
        }
        guard let root else { throw ProfileFault(place: "", problem: "is empty") }
        var map = try YAMLMap(root, place: "")
        let fields = try map.list("fields", Self.field)
        var environments: [String: String] = [:]
        for (name, url) in try map.texts("environments") {
            if !url.isEmpty, (try? BaseURL(url)) == nil {
                throw ProfileFault(place: "environments.\(name)", problem: "an https URL is expected")
            }
            environments[name] = url
        }
        let mode = try map.text("rotation")
        guard Terms.Mode(name: mode) != nil else { throw map.fault("rotation", "overlap or cutover is expected") }
        let issue = try map.optionalMap("issue").map { given throws(ProfileFault) in try Self.issue(given) }
        self.issue = issue
        description = ProviderDescription(
            id: try map.text("id"), label: try map.text("label"), fields: fields, environments: environments,
            variablePrefix: try map.text("variable_prefix"), mode: mode, maxAgeSeconds: try map.span("max_age").seconds,
            lifetimeSeconds: try map.optionalSpan("lifetime")?.seconds,
            activationWindowSeconds: try map.span("activation_window").seconds,
            allowsControl: try map.flag("control", absent: true), issuesKeys: issue != nil,
            panelPath: try map.text("panel"), isOwn: isOwn)
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
            let conditions = try rules.list(outcome.name) { node, place throws(ProfileFault) in
                try Condition(node, place: place)
            }
            if !conditions.isEmpty { outcomes.append((outcome, conditions)) }
        }
        self.outcomes = outcomes
        try rules.finish()
        money = try balance.list("money", Self.moneyRule)
        identity = try balance.optionalText("identity").map { text throws(ProfileFault) in
            try Template(text, place: "balance.identity")
        }
        messages = try balance.oneOrMore("message") ?? []
        try balance.finish()
        try check(fields)
    }

    /// What no single key can show.
    private func check(_ fields: [ProviderDescription.FieldDescription]) throws(ProfileFault) {
        guard Self.isName(description.id) else {
            throw ProfileFault(place: "id", problem: "only a-z, 0-9, - and . are allowed")
        }
        guard !fields.isEmpty else { throw ProfileFault(place: "fields", problem: "is empty") }
        guard fields.contains(where: \.secret) else {
            throw ProfileFault(place: "fields", problem: "no field is secret")
        }
        guard !description.environments.isEmpty else { throw ProfileFault(place: "environments", problem: "is empty") }
        guard (1...3).contains(requests.count) else {
            throw ProfileFault(place: "balance.requests", problem: "one to three requests are expected")
        }
        guard outcomes.contains(where: { $0.outcome == .ok }) else {
            throw ProfileFault(place: "balance.outcomes.ok", problem: "is missing: nothing would ever be ok")
        }
        let known = Set(fields.map(\.name))
        let plain = Set(fields.filter { !$0.secret }.map(\.name))
        let secrets = Set(fields.filter(\.secret).map(\.name))
        for (field, _) in issue?.values ?? [] where !secrets.contains(field) {
            throw ProfileFault(place: "issue.values.\(field)", problem: "is no secret field")
        }
        var all = requests.enumerated().map { ("balance.requests[\($0.offset)]", $0.element) }
        if let issue { all.append(("issue.request", issue.change.request)) }
        if let revoke { all.append(("revoke.request", revoke.request)) }
        for (place, request) in all {
            for name in request.url.names + request.headers.flatMap(\.value.names)
            where name != "base_url" && !known.contains(name) {
                throw ProfileFault(place: place, problem: "{{\(name)}} is no field")
            }
            guard request.url.names.first == "base_url" else {
                throw ProfileFault(place: place + ".url", problem: "must begin with {{base_url}}")
            }
            for name in request.url.pathNames where !plain.contains(name) {
                throw ProfileFault(place: place + ".url", problem: "|path is for plain fields only")
            }
        }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46 }
    }

    private static func field(_ node: Node, _ place: String) throws(ProfileFault)
        -> ProviderDescription.FieldDescription
    {
        var map = try YAMLMap(node, place: place)
        let pattern = try map.optionalText("pattern")
        if let pattern, FieldPattern(pattern) == nil { throw map.fault("pattern", "not a regular expression") }
        let role = try map.text("role")
        guard ["user", "key", "other"].contains(role) else { throw map.fault("role", "user, key or other is expected") }
        let field = ProviderDescription.FieldDescription(
            name: try map.text("name"), label: try map.text("label"), secret: try map.flag("secret"),
            optional: try map.flag("optional"), role: role, pattern: pattern,
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
        let values = try map.texts("values").sorted { $0.key < $1.key }.map { (field: $0.key, pointer: $0.value) }
        guard !values.isEmpty else { throw map.fault("values", "the place of the new key is missing") }
        let issue = Issue(change: change, values: values, expires: try map.optionalText("expires"))
        try map.finish()
        return issue
    }

    private static func change(_ map: inout YAMLMap) throws(ProfileFault) -> Change {
        let given = try map.map("request")
        let change = Change(
            request: try request(given.node, given.place, methods: ["POST", "PUT", "DELETE"]),
            succeeded: try map.list("succeeded") { node, place throws(ProfileFault) in
                try Condition(node, place: place)
            })
        guard !change.succeeded.isEmpty else { throw map.fault("succeeded", "is missing: nothing would ever succeed") }
        return change
    }

    private static func request(_ node: Node, _ place: String) throws(ProfileFault) -> Request {
        try request(node, place, methods: ["GET", "POST"])
    }

    private static func request(_ node: Node, _ place: String, methods: [String]) throws(ProfileFault) -> Request {
        var map = try YAMLMap(node, place: place)
        let method = try map.text("method")
        guard methods.contains(method) else {
            throw map.fault("method", methods.joined(separator: " or ") + " is expected")
        }
        let headers = try templates(map.texts("headers"), place + ".headers")
        let form = try templates(map.texts("form"), place + ".form")
        let json = try map.optionalText("json").map { text throws(ProfileFault) in
            try Template(text, place: place + ".json")
        }
        let next: Condition?
        if let test = try map.optionalMap("next_when") {
            next = try Condition(test.node, place: test.place)
        } else {
            next = nil
        }
        let request = Request(
            method: method, url: try Template(map.text("url"), place: place + ".url"), headers: headers,
            body: json.map { .json($0) } ?? (form.isEmpty ? .none : .form(form)), nextWhen: next)
        try map.finish()
        return request
    }

    private static func templates(
        _ texts: [String: String], _ place: String
    ) throws(ProfileFault) -> [(name: String, value: Template)] {
        try texts.sorted { $0.key < $1.key }.map { pair throws(ProfileFault) in
            (pair.key, try Template(pair.value, place: place + "." + pair.key))
        }
    }

    private static func moneyRule(_ node: Node, _ place: String) throws(ProfileFault) -> MoneyRule {
        var map = try YAMLMap(node, place: place)
        let rule = MoneyRule(
            pointer: try Template(map.text("pointer"), place: place + ".pointer"),
            currencyPointer: try map.optionalText("currency_pointer").map { text throws(ProfileFault) in
                try Template(text, place: place + ".currency_pointer")
            },
            currency: try map.optionalText("currency"))
        try map.finish()
        return rule
    }

    private static func sample(_ node: Node, _ place: String) throws(ProfileFault) -> Sample {
        var map = try YAMLMap(node, place: place)
        let sample = Sample(
            name: try map.text("name"), source: try map.text("source"), fields: try map.texts("fields"),
            answer: Answer(
                status: try map.number("status", in: 100...599),
                headers: try map.texts("headers").map { ($0.key, $0.value) }, body: Array(try map.text("body").utf8)),
            expected: BalanceResult(
                outcome: try map.text("outcome"), balance: try map.optionalText("balance"),
                currency: try map.optionalText("currency"), identity: try map.optionalText("identity"),
                providerMessage: try map.optionalText("message")))
        try map.finish()
        guard Outcome(name: sample.expected.outcome) != nil else { throw map.fault("outcome", "no such outcome") }
        return sample
    }
}
