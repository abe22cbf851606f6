import FlyingFox
import Foundation

/// The answers' forms. Every one closes the connection: header and body leave in two writes, and on a
/// kept connection Nagle's algorithm would hold the second back for 40 ms.
enum Reply {
    static func json(_ text: String, status: Int = 200, headers: [HTTPHeader: String] = [:]) -> HTTPResponse {
        make(status, "application/json", Data(text.utf8), headers)
    }

    static func json(_ value: some Encodable, status: Int = 200) -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return make(status, "application/json", (try? encoder.encode(value)) ?? Data())
    }

    static func text(_ text: String, status: Int) -> HTTPResponse { make(status, "text/plain", Data(text.utf8)) }
    static func html(_ text: String, status: Int = 200) -> HTTPResponse { make(status, "text/html", Data(text.utf8)) }
    static func empty(_ status: Int, _ headers: [HTTPHeader: String] = [:]) -> HTTPResponse {
        make(status, "text/plain", Data(), headers)
    }

    static func redirect(to place: String) -> HTTPResponse {
        make(302, "text/plain", Data(), [HTTPHeader("Location"): place])
    }

    private static func make(
        _ status: Int, _ type: String, _ body: Data, _ more: [HTTPHeader: String] = [:]
    ) -> HTTPResponse {
        var headers: [HTTPHeader: String] = [.contentType: type, HTTPHeader("Connection"): "close"]
        headers.merge(more) { $1 }
        var known = HTTPHeaders()
        for (name, value) in headers { known[name] = value }
        return HTTPResponse(statusCode: HTTPStatusCode(status, phrase: "Rehearsed"), headers: known, body: body)
    }
}
