internal import Credentials
internal import Providers

extension Profile {
    /// Classifies an answer. Only what a rule recognises as a success is `ok`; what no rule knows is `unknown`.
    /// - Parameters:
    ///   - values: the credential's values by field name, for pointers that the user gave.
    ///   - secrets: texts that must not come back in anything that is read.
    func read(_ answer: Answer, values: [String: String], secrets: [String]) -> BalanceResult {
        let outcome = outcomes.first { rule in
            rule.conditions.contains { $0.holds(for: answer, values: values) }
        }?.outcome
        var result = BalanceResult(outcome: outcome ?? (answer.status >= 500 ? .providerDown : .unknown))
        result.status = answer.status
        if result.outcome == .rateLimited {
            result.retryAfter = RetryAfter.seconds(in: answer).map { Span(seconds: Int64($0)) }
        }
        let redaction = Redaction(hiding: secrets)
        result.providerMessage = message(in: answer, redaction)
        guard outcome == .ok, let json = answer.json else { return result }
        result.balances = balances(in: json, values, redaction)
        result.expires = expires.flatMap { json[pointer: $0]?.text }.flatMap { redaction.clean($0, limit: 40) }
            .flatMap { Timestamp(dayOf: $0) }
        result.identity = identity.flatMap { value(at: $0, in: json, values) }
            .flatMap { redaction.clean($0, limit: 128) }
        return result
    }

    /// One amount for each currency, in the order of the rules; where any is more than nothing, those that are nothing are
    /// left out.
    private func balances(
        in json: JSONValue, _ values: [String: String], _ redaction: Redaction
    ) -> [Money] {
        var found: [Money] = []
        for rule in money {
            guard let amount = value(at: rule.pointer, in: json, values).flatMap({ redaction.clean($0, limit: 40) })
            else { continue }
            let currency =
                rule.currencyPointer.flatMap { value(at: $0, in: json, values) }.flatMap { redaction.currency($0) }
                ?? rule.currency
            guard let money = Money(amount: amount, currency: currency),
                !found.contains(where: { $0.currency == money.currency })
            else { continue }
            found.append(money)
        }
        let some = found.filter { !$0.isZero }
        return some.isEmpty ? Array(found.prefix(1)) : some
    }

    private func value(at pointer: Template, in json: JSONValue, _ values: [String: String]) -> String? {
        guard let pointer = try? pointer.render(values, for: .pointer), !pointer.isEmpty else { return nil }
        return json[pointer: pointer]?.text
    }

    private func message(in answer: Answer, _ redaction: Redaction) -> String? {
        for pointer in messages {
            if case .string(let text)? = answer.json?[pointer: pointer], !text.isEmpty {
                return redaction.clean(text, limit: 200)
            }
        }
        return nil
    }
}
