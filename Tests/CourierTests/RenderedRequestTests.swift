import Providers
import Testing

@testable import rekeep_courier

/// A request leads to the host that the credential is kept for, or there is none.
struct RenderedRequestTests {
    private static let base = "https://api.example.com/v1"

    private func request(
        _ url: String, _ headers: [String: String] = [:], _ body: Profile.Request.Body = .none
    ) throws -> Profile.Request {
        Profile.Request(
            method: "POST", url: try Template(url, location: ""),
            headers: try headers.map { ($0.key, try Template($0.value, location: "")) }, body: body, nextWhen: nil,
            needs: nil)
    }

    private func rendered(
        _ url: String, _ values: [String: String] = [:], base: String = base, _ headers: [String: String] = [:],
        _ body: Profile.Request.Body = .none
    ) throws -> RenderedRequest {
        try RenderedRequest(request(url, headers, body), values, to: BaseURL(base))
    }

    @Test(arguments: [
        ("http://evil.example/?{{base_url}}", base), ("https://evil.example/?{{base_url}}", base),
        ("{{base_url}}@evil.example", "https://api.example.com"),
        ("{{base_url}}.evil.example", "https://api.example.com"),
        ("{{base_url}}:8080", "https://api.example.com"), ("{{base_url}}:443@evil.example", "https://api.example.com"),
        ("{{base_url}}%2Eevil.example", "https://api.example.com"), ("{{base_url}}\\evil", "https://api.example.com"),
        ("{{base_url}}{{v}}", "https://api.example.com"), ("{{base_url}}{{v|path}}", "https://api.example.com"),
        ("https:/{{base_url}}", base), (" {{base_url}}", base), ("{{base_url}}/a#b", base),
        ("{{base_url}}/\u{1F}", base), ("{{base_url}}/a b", base), ("HTTPS://api.example.com/", base),
        ("https://api.example.com:444/{{v}}", base), ("http://api.example.com/", base), ("https://example.com/", base),
        ("//api.example.com/", base), ("ftp://api.example.com/", base), ("https://user@api.example.com/", base),
        ("https://api.example.com\t.evil.example/", base), ("https://api\u{3002}example.com/", base),
        ("https://[::1]/", "https://127.0.0.1"), ("https://127.1/", "https://127.0.0.1"),
        ("https+unix://%2Ftmp%2Fsocket/", base), ("", base),
    ])
    func `a URL that leads elsewhere makes no request`(url: String, base: String) {
        #expect(throws: RenderedRequest.Fault.leadsElsewhere) { try rendered(url, ["v": "@evil"], base: base) }
    }

    @Test(arguments: [
        ("{{base_url}}/me", "https://api.example.com/v1/me"),
        ("{{base_url}}?key={{v}}", "https://api.example.com/v1?key=%40evil"),
        ("https://API.example.com.:443/x", "https://API.example.com.:443/x"),
        ("{{base_url}}/{{v}}/../..//evil.example", "https://api.example.com/v1/%40evil/../..//evil.example"),
        ("{{base_url}}:8080/@evil", "https://api.example.com/v1:8080/@evil"),
    ])
    func `a URL that leads to the stored host, in whatever spelling, is sent`(url: String, wanted: String) throws {
        // An @ is refused in a whole URL, wherever it stands: two readers could disagree about it.
        guard !wanted.contains("@") else {
            #expect(throws: RenderedRequest.Fault.leadsElsewhere) { try rendered(url, ["v": "@evil"]) }
            return
        }
        #expect(try rendered(url, ["v": "@evil"]).url == wanted)
    }

    @Test func `plain http leads to this machine alone`() throws {
        #expect(try rendered("{{base_url}}/me", base: "http://127.0.0.1:8080").url == "http://127.0.0.1:8080/me")
        #expect(throws: RenderedRequest.Fault.leadsElsewhere) {
            try rendered("http://127.0.0.1:8080/me", base: "https://127.0.0.1:8080")
        }
    }

    @Test func `a value that is missing makes no request, wherever it belongs`() throws {
        let form = Profile.Request.Body.form([("key", try Template("{{v}}", location: ""))])
        let json = Profile.Request.Body.json(try Template(#"{"key":"{{v}}"}"#, location: ""))
        let missing = RenderedRequest.Fault.template(.missing(name: "v"))
        #expect(throws: missing) { try rendered("{{base_url}}/{{v}}") }
        #expect(throws: missing) { try rendered("{{base_url}}/", [:], ["X-Key": "{{v}}"]) }
        #expect(throws: missing) { try rendered("{{base_url}}/", [:], [:], form) }
        #expect(throws: missing) { try rendered("{{base_url}}/", [:], [:], json) }
        #expect(throws: RenderedRequest.Fault.template(.unfit(name: "v"))) {
            try rendered("{{base_url}}/", ["v": "a\r\nX: b"], ["X-Key": "{{v}}"])
        }
    }

    @Test func `a body says what it is, once`() throws {
        let form = Profile.Request.Body.form([("key", try Template("{{v}}", location: ""))])
        let json = Profile.Request.Body.json(try Template(#"{"key":"{{v}}"}"#, location: ""))
        func types(_ headers: [String: String], _ body: Profile.Request.Body) throws -> [String] {
            try rendered("{{base_url}}/", ["v": "a"], headers, body).headers
                .filter { $0.name.lowercased() == "content-type" }.map(\.value)
        }
        #expect(try types([:], json) == ["application/json"])
        #expect(try types([:], form) == ["application/x-www-form-urlencoded"])
        #expect(try types(["content-type": "application/vnd.api+json"], json) == ["application/vnd.api+json"])
        #expect(try types(["Content-Type": "text/plain"], form) == ["text/plain"])
        #expect(try types([:], .none).isEmpty)
    }
}
