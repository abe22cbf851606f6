internal import Credentials
internal import Providers

/// Makes balance calls: renders the profile's requests, sends them in turn, and classifies what comes back.
struct Courier: Sendable {
    let catalog: ProfileCatalog
    let transport: Transport
    let pace: Pace

    func balance(_ given: ProviderCall<String>, _ id: Int) async -> CourierReply {
        await replying(to: given, id) { call throws(CourierReply.Refusal) in
            // All of them before the first is sent: a profile that cannot be used sends nothing.
            var requests: [(Profile.Request, RenderedRequest)] = []
            for request in call.profile.requests where Self.isSent(request, call) {
                requests.append((request, try Self.rendered(request, call)))
            }
            let ready = requests
            return CourierReply(
                id: id,
                result: await pace.alone(with: call.key) {
                    var result = await sendInOrder(ready, call)
                    if let ask = call.profile.identityRequest, result.outcome == .ok,
                        result.identity == nil, let rendered = try? Self.rendered(ask.request, call)
                    {
                        result.identity = await identity(ask.pointer, rendered, call)
                    }
                    return result
                })
        }
    }

    /// Asks the provider for a new key.
    func issue(_ given: ProviderCall<String>, _ id: Int) async -> CourierReply {
        await replying(to: given, id) { call throws(CourierReply.Refusal) in
            guard let issue = call.profile.issue else { throw .cannotChangeKeys(call.provider) }
            let request = try Self.rendered(issue.change, call)
            let (answer, result) = await change(issue.change, request, call, issuing: issue)
            guard let answer else { return CourierReply(id: id, result: result) }
            let values = issue.newValues(in: answer)
            let redaction = Redaction(hiding: call.secrets + values.values)
            let expires = issue.expires.flatMap { answer.json?[pointer: $0]?.text }
                .flatMap { redaction.clean($0, limit: 40) }.flatMap { Timestamp(dayOf: $0) }
            return CourierReply(id: id, issued: IssuedKey(values: values, expires: expires))
        }
    }

    /// Asks the provider to end the key that is asked with.
    func revoke(_ given: ProviderCall<String>, _ id: Int) async -> CourierReply {
        await replying(to: given, id) { call throws(CourierReply.Refusal) in
            guard let revoke = call.profile.revoke else { throw .cannotChangeKeys(call.provider) }
            let request = try Self.rendered(revoke, call)
            let (answer, result) = await change(revoke, request, call)
            let ended = BalanceResult(outcome: .ok, status: answer?.status)
            return CourierReply(id: id, result: answer == nil ? result : ended)
        }
    }

    /// One request that changes something. It is sent once: nobody knows what a second would do.
    /// - Parameter issue: the answer may hold a new key, whose position it names.
    /// - Returns: the answer, if it says that it was done; else what it says instead, which is never ok.
    private func change(
        _ change: Profile.Change, _ request: RenderedRequest, _ call: Call, issuing issue: Profile.Issue? = nil
    ) async -> (Answer?, BalanceResult) {
        let taken: Pace.Permit
        switch await pace.enter(key: call.key, host: call.base.host, limit: call.profile.limit) {
        case .permit(let permit): taken = permit
        case .blocked(let seconds): return (nil, Self.blocked(seconds))
        }
        var retryAfter: Span?
        defer { pace.leave(taken, retryAfter: retryAfter) }
        do {
            let answer = try await exchange(request)
            if change.succeeded.contains(where: { $0.holds(for: answer, values: call.values) }) {
                return (answer, BalanceResult(outcome: .unknown))
            }
            let secrets = call.secrets + (issue?.newValues(in: answer).values.map(\.self) ?? [])
            let said = call.profile.read(answer, values: call.values, secrets: secrets)
            retryAfter = said.retryAfter
            let outcome = said.outcome == .ok ? .unknown : said.outcome
            return (
                nil,
                BalanceResult(outcome: outcome, status: answer.status, providerMessage: said.providerMessage)
            )
        } catch {
            return (nil, Self.result(of: error))
        }
    }

    /// Finds the profile, and asks where the credential is kept for: what the profile names as host does not count.
    private func replying(
        to given: ProviderCall<String>, _ id: Int, _ body: (Call) async throws(CourierReply.Refusal) -> CourierReply
    ) async -> CourierReply {
        do throws(CourierReply.Refusal) {
            let call = try call(given)
            var answer = try await body(call)
            answer.replacingProfile = call.profile.description.replacingFile
            return answer
        } catch {
            return CourierReply(id: id, refusal: error)
        }
    }

    private func call(_ given: ProviderCall<String>) throws(CourierReply.Refusal) -> Call {
        let provider = given.provider
        let profile = try catalog.profile(provider)
        let terms: Terms
        let base: BaseURL
        do {
            terms = try profile.description.terms(environment: given.environment, ownBaseURL: given.baseURL)
            base = try BaseURL(terms.baseURL)
        } catch ProviderDescription.Refusal.noSuchEnvironment {
            throw .noSuchEnvironment(given.environment)
        } catch {
            throw .badBaseURL
        }
        var values: [String: String] = [:]
        for field in terms.fields {
            let value = given.fields[field.name] ?? ""
            guard !value.isEmpty || field.isOptional else { throw .missingValue(provider: provider, field: field.name) }
            values[field.name] = value
        }
        // What was secret when it was stored stays so, also for a profile that calls it plain.
        let secretNames = Set(terms.secretFields.map(\.name) + given.secrets)
        let secrets = secretNames.sorted().compactMap { given.fields[$0] }
        return Call(
            provider: provider, profile: profile, values: values, secrets: secrets, base: base,
            key: provider + " " + secrets.joined(separator: "\u{0}"))
    }

    private static func rendered(
        _ change: Profile.Change, _ call: Call
    ) throws(CourierReply.Refusal) -> RenderedRequest {
        guard let request = change.requests.first(where: { isSent($0, call) }) else {
            throw .cannotChangeKeys(call.provider)
        }
        return try rendered(request, call)
    }

    private static func isSent(_ request: Profile.Request, _ call: Call) -> Bool {
        request.needs.map { call.values[$0]?.isEmpty == false } ?? true
    }

    private struct Call {
        let provider: String
        let profile: Profile
        /// By field name: all fields of the profile, and nothing else.
        let values: [String: String]
        let secrets: [String]
        let base: BaseURL
        let key: String
    }

    private static func rendered(
        _ request: Profile.Request, _ call: Call
    ) throws(CourierReply.Refusal) -> RenderedRequest {
        do {
            return try RenderedRequest(request, call.values, to: call.base)
        } catch {
            switch error {
            case .leadsElsewhere: throw .leadsElsewhere(provider: call.provider, host: call.base.host)
            case .template(.missing(let name)): throw .missingValue(provider: call.provider, field: name)
            case .template(.unfit(let name)): throw .unfitValue(provider: call.provider, field: name)
            }
        }
    }

    /// The requests of one call. Time counts while a request is under way, not while it waits for its turn.
    private func sendInOrder(_ requests: [(Profile.Request, RenderedRequest)], _ call: Call) async -> BalanceResult {
        var result = BalanceResult(outcome: .unknown)
        var spent = Duration.zero
        for (request, rendered) in requests {
            let left = Transport.deadline - spent
            let sent: Sent
            switch await send(rendered, call, within: left) {
            case .sent(let done): sent = done
            case .blocked(let seconds): return Self.blocked(seconds)
            }
            spent += sent.spent
            var goesOn = false
            switch sent.answer {
            case .success(let answer):
                goesOn = request.nextWhen?.holds(for: answer, values: call.values) ?? false
                result = call.profile.read(answer, values: call.values, secrets: call.secrets)
            case .failure(let failure): result = Self.result(of: failure)
            }
            pace.leave(sent.permit, retryAfter: result.retryAfter)
            (result.began, result.ended) = (sent.began, sent.ended)
            if !goesOn { break }
        }
        let (seconds, attoseconds) = spent.components
        result.latencyMilliseconds = Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        return result
    }

    /// A request that was sent, and what came of it.
    private struct Sent {
        let permit: Pace.Permit
        let answer: Result<Answer, Transport.Failure>
        /// How long it was under way.
        let spent: Duration
        let began: Int64
        let ended: Int64
    }

    private enum Sending {
        case sent(Sent)
        /// The provider has asked for more patience, in seconds.
        case blocked(Int)
    }

    /// Sends one request when the provider's limit lets it.
    private func send(_ request: RenderedRequest, _ call: Call, within left: Duration) async -> Sending {
        let permit: Pace.Permit
        switch await pace.enter(key: call.key, host: call.base.host, limit: call.profile.limit) {
        case .permit(let taken): permit = taken
        case .blocked(let seconds): return .blocked(seconds)
        }
        let start = ContinuousClock.now
        let began = Monotonic.milliseconds()
        let answer = await withTaskGroup(of: Result<Answer, Transport.Failure>.self) { group in
            group.addTask {
                do throws(Transport.Failure) {
                    return .success(try await exchange(request))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: left)
                return .failure(Transport.Failure(cause: .timeout))
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .failure(Transport.Failure(cause: .timeout))
        }
        return .sent(
            Sent(
                permit: permit, answer: answer, spent: ContinuousClock.now - start, began: began,
                ended: Monotonic.milliseconds()))
    }

    /// What the answer means is found out when the next request is under way already.
    private func exchange(_ request: RenderedRequest) async throws(Transport.Failure) -> Answer {
        defer { pace.answered() }
        return try await transport.send(request)
    }

    /// The account's name, where it is another request that tells it. Without an answer it stays untold.
    private func identity(_ pointer: String, _ request: RenderedRequest, _ call: Call) async -> String? {
        guard case .permit(let taken) = await pace.enter(key: call.key, host: call.base.host, limit: call.profile.limit)
        else { return nil }
        defer { pace.leave(taken, retryAfter: nil) }
        guard let answer = try? await exchange(request), (200...299).contains(answer.status) else { return nil }
        return answer.json?[pointer: pointer]?.text.flatMap { Redaction(hiding: call.secrets).clean($0, limit: 128) }
    }

    /// The provider has asked for patience, and is not asked meanwhile.
    private static func blocked(_ seconds: Int) -> BalanceResult {
        var result = BalanceResult(outcome: .rateLimited)
        result.retryAfter = Span(seconds: Int64(seconds))
        return result
    }

    private static func result(of failure: Transport.Failure) -> BalanceResult {
        let outcome: Outcome = failure.cause == .tooLarge ? .unknown : .unreachable
        return BalanceResult(outcome: outcome, cause: failure.cause)
    }
}
