internal import Credentials
internal import Providers

/// Makes balance calls: renders the profile's requests, sends them in turn, and classifies what comes back.
struct Courier: Sendable {
    let shelf: ProfileShelf
    let transport: Transport
    let pace = Pace()

    func balance(_ question: Question) async -> CourierAnswer {
        await answering(question) { call in
            CourierAnswer(id: question.id, result: await pace.alone(with: call.key) { await requestInOrder(call) })
        }
    }

    /// Asks the provider for a new key.
    func issue(_ question: Question) async -> CourierAnswer {
        await answering(question) { call in
            guard let issue = call.profile.issue else { return Self.cannot(question) }
            let (answer, result) = await change(issue.change, call)
            guard let answer else { return CourierAnswer(id: question.id, result: result) }
            var values: [String: String] = [:]
            for (field, pointer) in issue.values { values[field] = answer.json?[pointer: pointer]?.text }
            let expires = issue.expires.flatMap { answer.json?[pointer: $0]?.text }
            return CourierAnswer(id: question.id, issued: IssuedKey(values: values, expires: expires))
        }
    }

    /// Asks the provider to end the key that is asked with.
    func revoke(_ question: Question) async -> CourierAnswer {
        await answering(question) { call in
            guard let revoke = call.profile.revoke else { return Self.cannot(question) }
            let (answer, result) = await change(revoke, call)
            let ended = BalanceResult(outcome: Outcome.ok.name, status: answer?.status)
            return CourierAnswer(id: question.id, result: answer == nil ? result : ended)
        }
    }

    private static func cannot(_ question: Question) -> CourierAnswer {
        CourierAnswer(id: question.id, refusal: .cannotChangeKeys(question.provider ?? ""))
    }

    /// One request that changes something. It is sent once: nobody knows what a second would do.
    /// - Returns: the answer, if it says that it was done; else what it says instead, which is never ok.
    private func change(_ change: Profile.Change, _ call: Call) async -> (Answer?, BalanceResult) {
        await pace.slot(key: call.key, host: call.host, limit: call.profile.limit)
        guard let (url, headers, body) = Self.render(change.request, call.values) else {
            return (nil, BalanceResult(outcome: Outcome.unknown.name, cause: .other))
        }
        do {
            let answer = try await transport.send(method: change.request.method, url: url, headers: headers, body: body)
            if change.succeeded.contains(where: { $0.holds(for: answer, values: call.values) }) {
                return (answer, BalanceResult(outcome: Outcome.unknown.name))
            }
            let said = call.profile.read(answer, values: call.values, secrets: call.secrets)
            let outcome = said.outcome == Outcome.ok.name ? Outcome.unknown.name : said.outcome
            return (
                nil,
                BalanceResult(outcome: outcome, status: answer.status, providerMessage: said.providerMessage)
            )
        } catch {
            return (nil, Self.result(of: error))
        }
    }

    /// Finds the profile and the host, or says why there is none.
    private func answering(_ question: Question, _ body: (Call) async -> CourierAnswer) async -> CourierAnswer {
        let id = question.id
        guard let provider = question.provider, let environment = question.environment, let fields = question.fields
        else { return CourierAnswer(id: id, refusal: .malformedQuestion) }
        guard let profile = shelf.profile(provider) else {
            return CourierAnswer(id: id, refusal: shelf.refusal(provider))
        }
        guard let terms = try? profile.description.terms(environment: environment, ownBaseURL: question.baseURL),
            let baseURL = try? BaseURL(terms.baseURL)
        else {
            return CourierAnswer(
                id: id,
                refusal: profile.description.environments[environment] == nil
                    ? .noSuchEnvironment(environment) : .badBaseURL)
        }
        var values = fields
        values["base_url"] = baseURL.description
        let secrets = terms.secretFields.compactMap { fields[$0.name] }
        return await body(
            Call(
                profile: profile, values: values, secrets: secrets, host: baseURL.host,
                key: provider + " " + secrets.joined(separator: "\u{0}")))
    }

    private struct Call {
        let profile: Profile
        let values: [String: String]
        let secrets: [String]
        let host: String
        let key: String
    }

    /// The requests of one call. Time counts while a request is under way, not while it waits for its turn.
    private func requestInOrder(_ call: Call) async -> BalanceResult {
        var result = BalanceResult(outcome: Outcome.unknown.name)
        var spent = Duration.zero
        for request in call.profile.requests {
            await pace.slot(key: call.key, host: call.host, limit: call.profile.limit)
            let start = ContinuousClock.now
            let left = Transport.deadline - spent
            let isLast = await withTaskGroup(of: (BalanceResult, Bool).self) { group in
                group.addTask { await send(request, call) }
                group.addTask {
                    try? await Task.sleep(for: left)
                    return (BalanceResult(outcome: Outcome.unreachable.name, cause: .timeout), true)
                }
                let first = await group.next()
                group.cancelAll()
                if let first { result = first.0 }
                return first?.1 ?? true
            }
            spent += ContinuousClock.now - start
            if isLast { break }
        }
        let (seconds, attoseconds) = spent.components
        result.latencyMilliseconds = Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        return result
    }

    /// - Returns: what the answer means, and whether it is the last word.
    private func send(_ request: Profile.Request, _ call: Call) async -> (BalanceResult, Bool) {
        guard let (url, headers, body) = Self.render(request, call.values) else {
            return (BalanceResult(outcome: Outcome.unknown.name, cause: .other), true)
        }
        do {
            let answer = try await transport.send(method: request.method, url: url, headers: headers, body: body)
            let goesOn = request.nextWhen?.holds(for: answer, values: call.values) ?? false
            return (call.profile.read(answer, values: call.values, secrets: call.secrets), !goesOn)
        } catch {
            return (Self.result(of: error), true)
        }
    }

    private static func result(of failure: Transport.Failure) -> BalanceResult {
        let outcome: Outcome = failure.cause == .tooLarge ? .unknown : .unreachable
        return BalanceResult(outcome: outcome.name, cause: failure.cause)
    }

    /// Nil when a value does not fit the place that it goes to.
    private static func render(
        _ request: Profile.Request, _ values: [String: String]
    ) -> (url: String, headers: [(name: String, value: String)], body: String?)? {
        guard let url = request.url.render(values, for: .url),
            var headers = render(request.headers, values, for: .header)
        else { return nil }
        switch request.body {
        case .none: return (url, headers, nil)
        case .form(let pairs):
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
            let body = render(pairs, values, for: .form)?.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
            return (url, headers, body)
        case .json(let template): return (url, headers, template.render(values, for: .json))
        }
    }

    private static func render(
        _ pairs: [(name: String, value: Template)], _ values: [String: String], for context: Template.Context
    ) -> [(name: String, value: String)]? {
        var result: [(name: String, value: String)] = []
        for (name, template) in pairs {
            guard let value = template.render(values, for: context) else { return nil }
            result.append((name, value))
        }
        return result
    }
}
