import FlyingFox
import Foundation

/// What a provider is told to do wrong until it is told otherwise. Without any field it behaves.
struct Fault: Codable {
    /// Milliseconds before a request is looked at.
    var latency = 0
    /// Milliseconds between what a request does and its answer.
    var answerDelay = 0
    /// Answer with this status and an empty body.
    var status: Int?
    /// With it, ask to wait so many seconds.
    var retryAfter: Int?
    /// Answer nobody after so many wrong keys.
    var bansAfter: Int?
    /// Answer 200 with an HTML page.
    var html = false
    /// Answer 302 to this place.
    var redirect: String?
    /// Answer 200 with this many bytes of JSON.
    var size: Int?
    /// Never answer.
    var stalls = false
    /// Answer everybody as if the key were right.
    var acceptsAnything = false
    /// Seconds until a new key is accepted.
    var activationDelay: TimeInterval = 0

    private enum CodingKeys: String, CodingKey {
        case latency = "latency_ms", status, html, redirect, size, stalls
        case answerDelay = "answer_delay_ms"
        case acceptsAnything = "accepts_anything"
        case activationDelay = "activation_delay_s"
        case retryAfter = "retry_after_s"
        case bansAfter = "bans_after"
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        latency = try container.decodeIfPresent(Int.self, forKey: .latency) ?? 0
        answerDelay = try container.decodeIfPresent(Int.self, forKey: .answerDelay) ?? 0
        status = try container.decodeIfPresent(Int.self, forKey: .status)
        retryAfter = try container.decodeIfPresent(Int.self, forKey: .retryAfter)
        bansAfter = try container.decodeIfPresent(Int.self, forKey: .bansAfter)
        html = try container.decodeIfPresent(Bool.self, forKey: .html) ?? false
        redirect = try container.decodeIfPresent(String.self, forKey: .redirect)
        size = try container.decodeIfPresent(Int.self, forKey: .size)
        stalls = try container.decodeIfPresent(Bool.self, forKey: .stalls) ?? false
        acceptsAnything = try container.decodeIfPresent(Bool.self, forKey: .acceptsAnything) ?? false
        activationDelay = try container.decodeIfPresent(TimeInterval.self, forKey: .activationDelay) ?? 0
    }

    /// The wrong answer, after the latency; nil when this request is answered properly.
    func answer() async throws -> HTTPResponse? {
        if latency > 0 { try await Task.sleep(for: .milliseconds(latency)) }
        if stalls { try await Task.sleep(for: .seconds(3600)) }
        if let status {
            return Reply.empty(status, retryAfter.map { [HTTPHeader("Retry-After"): "\($0)"] } ?? [:])
        }
        if html { return Reply.html("<html><head><title>Maintenance</title></head><body>Back soon</body></html>") }
        if let redirect { return Reply.redirect(to: redirect) }
        if let size { return Reply.json(#"{"filler":""# + String(repeating: "x", count: size) + #""}"#) }
        return nil
    }
}
