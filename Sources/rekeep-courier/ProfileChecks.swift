internal import Credentials
internal import Providers
internal import Sealing

/// What no single key of a profile can show: that everything it names is there, and that its requests go where the
/// credential is kept for, whatever the values are.
extension Profile {
    /// - Parameter isTried: the requests are rendered with hostile values.
    func check(isTried: Bool) throws(ProfileFault) {
        let fields = description.fields
        guard Self.isName(description.id) else {
            throw ProfileFault(
                location: "id", problem: "only a-z, 0-9, - and . are allowed, and a letter or digit at the beginning")
        }
        guard !fields.isEmpty else { throw ProfileFault(location: "fields", problem: "is empty") }
        guard fields.contains(where: \.isSecret) else {
            throw ProfileFault(location: "fields", problem: "no field is secret")
        }
        var names: Set<String> = []
        for (index, field) in fields.enumerated() {
            guard field.name != Template.baseURL, names.insert(field.name).inserted else {
                throw ProfileFault(location: "fields[\(index)].name", problem: "stands twice, or is not a field's name")
            }
        }
        guard !description.environments.isEmpty else {
            throw ProfileFault(location: "environments", problem: "is empty")
        }
        guard (1...3).contains(requests.count) else {
            throw ProfileFault(location: "balance.requests", problem: "one to three requests are expected")
        }
        guard outcomes.contains(where: { $0.outcome == .ok }) else {
            throw ProfileFault(location: "balance.outcomes.ok", problem: "is missing: nothing would ever be ok")
        }
        let trials = isTried ? trialValues : []
        try checkNeeds(requests, "balance.requests")
        for (location, change) in [("issue", issue?.change), ("revoke", revoke)] {
            if let change { try checkNeeds(change.requests, location + ".requests") }
        }
        if let identityRequest { try check(identityRequest.request, trials) }
        for request in requests + [issue?.change, revoke].flatMap({ $0?.requests ?? [] }) { try check(request, trials) }
        try checkReading()
        for (index, sample) in samples.enumerated() {
            for name in sample.fields.keys.sorted() where !names.contains(name) {
                throw ProfileFault(location: "samples[\(index)].fields.\(name)", problem: "is no field")
            }
        }
    }

    /// Whatever fields are given, there is one that can be sent.
    private func checkNeeds(_ requests: [Request], _ location: String) throws(ProfileFault) {
        for request in requests { try checkNeeds(request) }
        guard requests.contains(where: { $0.needs == nil }) else {
            throw ProfileFault(location: location, problem: "one without needs is expected")
        }
    }

    private func checkNeeds(_ request: Request) throws(ProfileFault) {
        guard let name = request.needs else { return }
        guard description.fields.contains(where: { $0.name == name && $0.isOptional && !$0.isSecret }) else {
            throw ProfileFault(
                location: request.url.location, problem: "needs \(name), which is no optional plain field")
        }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64 && !text.hasPrefix("-") && !text.hasPrefix(".")
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46 }
    }

    /// Where an answer is read.
    private func checkReading() throws(ProfileFault) {
        let plain = Set(description.fields.filter { !$0.isSecret }.map(\.name))
        for pointer in [identity].compactMap(\.self)
            + money.flatMap({ [$0.pointer, $0.currencyPointer] }).compactMap(\.self)
        {
            try requireNames(in: pointer, plain)
            guard !pointer.names.isEmpty || JSONValue.isPointer(pointer.text) else {
                throw ProfileFault(location: pointer.location, problem: "a JSON pointer is expected")
            }
        }
        let secrets = Set(description.fields.filter(\.isSecret).map(\.name))
        for (field, _) in issue?.values ?? [] where !secrets.contains(field) {
            throw ProfileFault(location: "issue.values.\(field)", problem: "is no secret field")
        }
        let conditions =
            outcomes.flatMap(\.conditions) + requests.compactMap(\.nextWhen) + (issue?.change.succeeded ?? [])
            + (revoke?.succeeded ?? [])
        for condition in conditions {
            for name in condition.present where !plain.contains(name) {
                throw ProfileFault(location: condition.location + ".present", problem: "\(name) is no plain field")
            }
        }
    }

    private func requireNames(in template: Template, _ known: Set<String>) throws(ProfileFault) {
        for name in template.names where !known.contains(name) {
            throw ProfileFault(location: template.location, problem: "{{\(name)}} is no field that may stand here")
        }
    }

    /// Headers that say to whom a request goes or where it ends: they are made from the URL and the body alone.
    private static let reservedHeaders: Set<String> = [
        "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect",
        "proxy-authorization", "proxy-connection",
    ]

    private func check(_ request: Request, _ trials: [[String: String]]) throws(ProfileFault) {
        let known = Set(description.fields.map(\.name) + [Template.baseURL])
        var templates = [request.url] + request.headers.map(\.value)
        switch request.body {
        case .none: break
        case .form(let pairs): templates += pairs.map(\.value)
        case .json(let template): templates.append(template)
        }
        for template in templates { try requireNames(in: template, known) }
        let secrets = Set(description.fields.filter { $0.isSecret && !$0.isOptional }.map(\.name))
        guard secrets.isEmpty || templates.contains(where: { !secrets.isDisjoint(with: $0.names) }) else {
            throw ProfileFault(
                location: request.url.location,
                problem: "no {{field}} of a secret is in this request: it would ask without a key")
        }
        if case .form(let pairs) = request.body {
            // A name is sent as it stands.
            for (name, template) in pairs
            where !name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"{}&=%+#".utf8.contains($0) }) {
                throw ProfileFault(location: template.location, problem: "is no name for a form's field")
            }
        }
        let plain = Set(description.fields.filter { !$0.isSecret }.map(\.name))
        for name in request.url.pathNames where !plain.contains(name) {
            throw ProfileFault(location: request.url.location, problem: "|path is for plain fields only")
        }
        for (name, template) in request.headers {
            guard !Self.reservedHeaders.contains(name.lowercased()) else {
                throw ProfileFault(location: template.location, problem: "this header is not for profiles to set")
            }
            // RFC 9110, section 5.6.2.
            guard !name.isEmpty,
                name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) })
            else { throw ProfileFault(location: template.location, problem: "is no name for a header") }
            guard template.text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw ProfileFault(location: template.location, problem: "a header has no control characters")
            }
        }
        for values in trials { for base in Self.trialBaseURLs { try check(request, values, base) } }
    }

    private static let trialBaseURLs = [
        "https://a.example", "https://a.example:8443/v1", "http://127.0.0.1:8080",
    ].compactMap { try? BaseURL($0) }

    /// What a value could do to a request that it is put into.
    private static let trials = [
        "a", "0", "@b.example", ".b.example", ":80", "//b.example", "\\b.example", "/", "/@b.example", "//b.example/@",
        "/../..", "?@b.example", "#@b.example", "a:b@b.example", "%40b.example", "\"", "\\", "\u{FF0F}b",
    ]

    /// Each of the trials for every field whose pattern it fits; the others have a value that fits theirs, if one is
    /// known.
    private var trialValues: [[String: String]] {
        var result = Self.trials.map { _ in [String: String]() }
        for field in description.fields {
            let pattern = field.pattern.flatMap { FieldPattern($0) }
            let fits = Self.trials.map { pattern?.fits(SecretBytes($0.utf8)) ?? true }
            let usual =
                field.isOptional
                ? "" : zip(Self.trials, fits).first(where: \.1)?.0 ?? samples.compactMap { $0.fields[field.name] }.first
            for index in Self.trials.indices {
                result[index][field.name] = fits[index] ? Self.trials[index] : usual ?? "a"
            }
        }
        return result
    }

    private func check(_ request: Request, _ values: [String: String], _ base: BaseURL) throws(ProfileFault) {
        let rendered: RenderedRequest
        do {
            rendered = try RenderedRequest(request, values, to: base)
        } catch {
            // A value that cannot stand in a header makes no request.
            guard error == .leadsElsewhere else { return }
            throw ProfileFault(
                location: request.url.location, problem: "does not lead to the host of {{base_url}} with every value")
        }
        if case .json(let template) = request.body, let body = rendered.body, JSONValue(Array(body.utf8)) == nil {
            throw ProfileFault(
                location: template.location, problem: "does not stay JSON with every value; put each name into quotes")
        }
    }
}
