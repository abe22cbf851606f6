internal import Credentials
internal import Providers

/// Makes balance calls: renders the profile's requests, sends them in turn, and classifies what comes back.
struct Courier: Sendable {
    let shelf: ProfileShelf
    let transport: Transport
    let pace = Pace()

    func balance(_ question: Question) async -> CourierAnswer {
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
        let call = Call(
            profile: profile, values: values, secrets: secrets, host: baseURL.host,
            key: provider + " " + secrets.joined(separator: "\u{0}"))
        let result = await pace.alone(with: call.key) { await requestInOrder(call) }
        return CourierAnswer(id: id, result: result)
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
        let values = call.values
        guard let url = request.url.render(values, for: .url),
            let headers = Self.render(request.headers, values, for: .header)
        else { return (BalanceResult(outcome: Outcome.unknown.name, cause: .other), true) }
        var sent = headers
        let body: String?
        switch request.body {
        case .none: body = nil
        case .form(let pairs):
            body = Self.render(pairs, values, for: .form)?.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
            sent.append(("Content-Type", "application/x-www-form-urlencoded"))
        case .json(let template): body = template.render(values, for: .json)
        }
        do {
            let answer = try await transport.send(method: request.method, url: url, headers: sent, body: body)
            let goesOn = request.nextWhen?.holds(for: answer, values: values) ?? false
            return (call.profile.read(answer, values: values, secrets: call.secrets), !goesOn)
        } catch {
            let outcome: Outcome = error.cause == .tooLarge ? .unknown : .unreachable
            return (BalanceResult(outcome: outcome.name, cause: error.cause), true)
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
