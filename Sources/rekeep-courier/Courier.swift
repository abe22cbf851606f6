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
        let calling = values
        let result = await pace.inTurn(
            key: provider + " " + secrets.joined(separator: "\u{0}"), host: baseURL.host, limit: profile.limit
        ) {
            await call(profile, values: calling, secrets: secrets)
        }
        return CourierAnswer(id: id, result: result)
    }

    /// The whole balance call, all of its requests, inside one deadline.
    private func call(_ profile: Profile, values: [String: String], secrets: [String]) async -> BalanceResult {
        let clock = ContinuousClock()
        let start = clock.now
        var result = await withTaskGroup(of: BalanceResult?.self) { group in
            group.addTask { await requestInOrder(profile, values: values, secrets: secrets) }
            group.addTask {
                try? await Task.sleep(for: Transport.deadline)
                return Task.isCancelled ? nil : BalanceResult(outcome: Outcome.unreachable.name, cause: .timeout)
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? BalanceResult(outcome: Outcome.unreachable.name, cause: .timeout)
        }
        let (seconds, attoseconds) = (clock.now - start).components
        result.latencyMilliseconds = Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        return result
    }

    private func requestInOrder(
        _ profile: Profile, values: [String: String], secrets: [String]
    ) async -> BalanceResult {
        var result = BalanceResult(outcome: Outcome.unknown.name)
        for request in profile.requests {
            guard let url = request.url.render(values, for: .url),
                let headers = Self.render(request.headers, values, for: .header)
            else { return BalanceResult(outcome: Outcome.unknown.name, cause: .other) }
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
                result = profile.read(answer, values: values, secrets: secrets)
                if let next = request.nextWhen, next.holds(for: answer, values: values) { continue }
                return result
            } catch {
                let outcome: Outcome = error.cause == .tooLarge ? .unknown : .unreachable
                return BalanceResult(outcome: outcome.name, cause: error.cause)
            }
        }
        return result
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
