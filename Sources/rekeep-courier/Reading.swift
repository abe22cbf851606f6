internal import Credentials
internal import Foundation
internal import Providers

extension Profile {
    /// Classifies an answer. Only what a rule recognises as a success is `ok`; what no rule knows is `unknown`.
    /// - Parameters:
    ///   - values: the credential's values by field name, for pointers that the user gave.
    ///   - secrets: texts that must not come back in a message.
    func read(_ answer: Answer, values: [String: String], secrets: [String]) -> BalanceResult {
        let outcome = outcomes.first { rule in
            rule.conditions.contains { $0.holds(for: answer, values: values) }
        }?.outcome
        var result = BalanceResult(outcome: (outcome ?? (answer.status >= 500 ? .providerDown : .unknown)).name)
        result.status = answer.status
        result.providerMessage = message(in: answer, secrets: secrets)
        guard outcome == .ok, let json = answer.json else { return result }
        if let money = money(in: json, values) {
            result.balance = money.amount
            result.currency = money.currency
        }
        result.identity = identity.flatMap { value(at: $0, in: json, values) }
            .flatMap { Redaction.clean($0, hiding: secrets, limit: 128) }
        return result
    }

    private func money(in json: JSONValue, _ values: [String: String]) -> Money? {
        for rule in money {
            guard let amount = value(at: rule.pointer, in: json, values) else { continue }
            let currency = rule.currencyPointer.flatMap { value(at: $0, in: json, values) } ?? rule.currency
            if let money = Money(
                amount: amount, currency: currency.flatMap { Redaction.clean($0, hiding: [], limit: 8) })
            {
                return money
            }
        }
        return nil
    }

    private func value(at pointer: Template, in json: JSONValue, _ values: [String: String]) -> String? {
        guard let pointer = pointer.render(values, for: .pointer), !pointer.isEmpty else { return nil }
        return json[pointer: pointer]?.text
    }

    private func message(in answer: Answer, secrets: [String]) -> String? {
        for pointer in messages {
            if case .string(let text)? = answer.json?[pointer: pointer], !text.isEmpty {
                return Redaction.clean(text, hiding: secrets, limit: 200)
            }
        }
        return nil
    }
}

/// Makes a stranger's text fit to be shown.
enum Redaction {
    /// How much of a secret may come back before the whole text is dropped, in characters.
    private static let window = 6

    /// The text without control characters, cut to `limit` characters; nil when any part of a secret can be
    /// recognised in it, in whatever case, percent-encoded or not.
    static func clean(_ text: String, hiding secrets: [String], limit: Int) -> String? {
        // Only what could be shown is looked at: a provider may send a megabyte.
        let printable = text.unicodeScalars.prefix(4 * limit).filter {
            switch $0.properties.generalCategory {
            case .control, .format, .unassigned, .surrogate, .privateUse, .lineSeparator, .paragraphSeparator: false
            default: !$0.properties.isDefaultIgnorableCodePoint
            }
        }
        let shown = String(String.UnicodeScalarView(printable.prefix(limit + window)))
        let plain = folded(shown)
        let decoded = folded(shown.removingPercentEncoding ?? "")
        for secret in secrets {
            let characters = folded(secret)
            let size = min(window, characters.count)
            guard size > 3 else { continue }
            for start in 0...characters.count - size {
                let part = characters[start..<start + size]
                if plain.firstRange(of: part) != nil || decoded.firstRange(of: part) != nil { return nil }
            }
        }
        return String(shown.prefix(limit))
    }

    private static func folded(_ text: String) -> [Unicode.Scalar] { Array(text.lowercased().unicodeScalars) }
}
