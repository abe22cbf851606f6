import Credentials
import Providers

/// What a balance call said, as a sentence for a person.
enum CheckSentence {
    /// - Parameter terms: those of the credential, where they are known.
    static func text(_ check: Check, _ terms: Terms? = nil) -> String {
        let status = check.status.map { " (HTTP \($0))" } ?? ""
        let own = check.providerText.map { ": " + $0 } ?? ""
        switch check.outcome {
        case .ok: return "the provider accepts it"
        case .badCredentials: return refused(check.cause, terms) ?? "the provider refuses it" + status + own
        case .expired: return "the provider says that it has expired" + status + own
        case .forbidden: return "the key is right but may not read the balance" + status + own
        case .ipNotAllowed: return "the key is right but this address is not on the allow-list" + status + own
        case .wrongEnvironment:
            guard check.cause != .otherAccount else {
                return "the provider answers for another account than the one on record"
            }
            return "the key belongs to another environment" + status + own
        case .rateLimited:
            let wait = check.retryAfter.map { " and to wait \($0.seconds) s" } ?? ""
            return "the provider asks to slow down" + wait + status + own
        case .providerDown: return "the provider is out of order" + status
        case .unknown: return unknown(check.cause, terms) + (check.cause == nil ? status : "")
        case .unreachable: return unreachable(check.cause)
        }
    }

    /// Why it counts as refused although it was not asked for; nil where it was.
    private static func refused(_ cause: Check.Cause?, _ terms: Terms?) -> String? {
        switch cause {
        case .retired: "it was retired: rekeep rotate takes the new key"
        case .spared: "it was refused before; " + limit(terms)
        default: nil
        }
    }

    private static func unknown(_ cause: Check.Cause?, _ terms: Terms?) -> String {
        switch cause {
        case .courier: "the courier gave no answer"
        case .notAsked: "it was not asked for: its profile or its fields are not right"
        case .tooLarge: "the answer is larger than 1 MiB"
        case .othersRefused: "it was not asked for, because others were refused; " + limit(terms)
        default: "the answer is not one that this provider gives"
        }
    }

    private static func limit(_ terms: Terms?) -> String {
        guard let terms else { return "its host has seen as many wrong keys as it may for now" }
        let host = (try? BaseURL(terms.baseURL).host) ?? terms.baseURL
        return "\(host) is asked with at most \(terms.attempts.most) wrong keys in \(terms.attempts.per)"
    }

    private static func unreachable(_ cause: Check.Cause?) -> String {
        switch cause {
        case .dns: "the provider's host name is not found"
        case .connect: "there is no way to the provider's address"
        case .refused: "nothing takes connections at the provider's address"
        case .connectTimeout: "no connection to the provider within 10 seconds"
        case .certificate: "the provider's certificate is not valid"
        case .tlsVersion: "the provider speaks no TLS newer than 1.1, which protects nothing"
        case .tls: "the provider does not speak TLS as it should"
        case .proxy: "HTTPS_PROXY or ALL_PROXY names no proxy that leads there; http://HOST:PORT is expected"
        case .timeout: "no answer within 20 seconds"
        case .reset: "the provider broke the connection off"
        case .closed: "the provider closed the connection without an answer"
        case .cut: "the connection ended in the middle of the answer"
        case .notHTTP: "what the provider answers is no HTTP"
        default: "the request came to nothing"
        }
    }
}
