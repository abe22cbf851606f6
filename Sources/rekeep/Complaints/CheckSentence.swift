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
        case .unreachable: return unreachable(check.cause, host(terms) ?? "the provider")
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
        guard let terms, let host = host(terms) else {
            return "its host has seen as many wrong keys as it may for now"
        }
        return "\(host) is asked with at most \(terms.attempts.most) wrong keys in \(terms.attempts.per)"
    }

    private static func host(_ terms: Terms?) -> String? {
        terms.map { (try? BaseURL($0.baseURL).host) ?? $0.baseURL }
    }

    /// What happened, where, and what to do.
    private static func unreachable(_ cause: Check.Cause?, _ host: String) -> String {
        let later = "try again later"
        let network = "look at this machine's network and firewall"
        let address = "look at the base URL and its port"
        return switch cause {
        case .dns: "\(host) is not found; look at the base URL and at this machine's name server"
        case .connect: "there is no way to \(host); \(network)"
        case .refused: "nothing takes connections at \(host); \(address), or \(later)"
        case .connectTimeout: "no connection to \(host) within 10 seconds; \(network), or \(later)"
        case .certificate:
            "the certificate of \(host) is not valid; look at the base URL and at this machine's certificates and clock"
        case .tlsVersion: "\(host) speaks no TLS newer than 1.1, which protects nothing; its owner has to change that"
        case .tls: "\(host) does not speak TLS as it should; \(address), or \(later)"
        case .proxy: "HTTPS_PROXY or ALL_PROXY names no proxy that leads there; http://HOST:PORT is expected"
        case .timeout: "no answer from \(host) within 20 seconds; \(later)"
        case .reset: "\(host) broke the connection off; \(later), and look for a firewall on the way if it stays so"
        case .closed: "\(host) closed the connection without an answer; \(later)"
        case .cut: "the connection to \(host) ended in the middle of the answer; \(later)"
        case .notHTTP: "what \(host) answers is no HTTP; \(address)"
        default: "the request to \(host) came to nothing; \(later)"
        }
    }
}
