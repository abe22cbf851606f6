/// A provider's answer, whole and bounded.
struct Answer {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]
    /// The body as JSON; nil when it is something else.
    let json: JSONValue?

    init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
        json = JSONValue(body)
    }
}
