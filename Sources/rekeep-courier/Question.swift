/// A line from `rekeep`, as `CourierQuestion` writes it. Here the values are texts, because the HTTP
/// library takes nothing else; this process lives no longer than its calls.
struct Question: Decodable, Sendable {
    let id: Int
    let ask: String
    let provider: String?
    let environment: String?
    let file: String?
    /// What is in the file: the courier cannot read it.
    let content: String?
    let baseURL: String?
    let fields: [String: String]?
    let secrets: [String]?

    private enum CodingKeys: String, CodingKey {
        case id, ask, provider, environment, file, content, fields, secrets
        case baseURL = "base_url"
    }
}
