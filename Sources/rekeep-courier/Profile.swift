internal import Credentials
internal import Providers

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
        /// A field without whose value the request is left out.
        let needs: String?
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
                ("outcome", expected.outcome.name, result.outcome.name),
                ("balance", expected.balances.first?.amount, result.balances.first?.amount),
                ("currency", expected.balances.first?.currency, result.balances.first?.currency),
                ("identity", expected.identity, result.identity),
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
        /// The first whose needs are there is sent.
        let requests: [Request]
        let succeeded: [Condition]
    }

    /// How a new key is made by API.
    struct Issue {
        let change: Change
        /// Where in the answer the new value of each field stands.
        let values: [(field: String, pointer: String)]
        /// Where the moment stands at which the provider ends it (RFC 3339), if it says so.
        let expires: String?

        /// By field name.
        func newValues(in answer: Answer) -> [String: String] {
            var result: [String: String] = [:]
            for (field, pointer) in values { result[field] = answer.json?[pointer: pointer]?.text }
            return result
        }
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
    /// Another request that tells the account, and where in its answer; for providers whose balance does not.
    let identityRequest: (request: Request, pointer: String)?
    /// Where the moment stands at which the provider ends the key.
    let expires: String?
    let messages: [String]
    let limit: Limit
    let samples: [Sample]
}
