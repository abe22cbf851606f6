import Foundation
import Providers
import Testing

@testable import rekeep_courier

struct ProfileTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let provider: String
        let sample: String
        var testDescription: String { provider + ": " + sample }
    }

    private static func profile(_ id: String) throws -> Profile {
        try Profile(yaml: try #require(ProfileBundle.text(of: id)))
    }

    static let cases: [Case] = ProfileBundle.ids.flatMap { id in
        (try? profile(id).samples.map { Case(provider: id, sample: $0.name) }) ?? [
            Case(provider: id, sample: "(does not load)")
        ]
    }

    @Test(arguments: ProfileBundle.ids) func `every built-in profile is named after its file`(id: String) throws {
        #expect(try Self.profile(id).description.id == id)
        #expect(try ProfileCatalog(ownDirectory: nil).profile(id).description.id == id)
    }

    @Test(arguments: cases)
    func `every sample answer has the outcome that its profile says`(_ given: Case) throws {
        let profile = try Self.profile(given.provider)
        let sample = try #require(profile.samples.first { $0.name == given.sample })
        let result = profile.read(sample.answer, values: sample.fields, secrets: [])
        #expect(sample.disagreement(with: result) == nil)
        #expect(!sample.source.isEmpty)
    }

    @Test func `every profile has samples for success, refusal and a page that is no answer`() throws {
        for id in ProfileBundle.ids {
            let outcomes = try Self.profile(id).samples.map(\.expected.outcome)
            #expect(
                outcomes.contains(.ok) && outcomes.contains(.badCredentials) && outcomes.contains(.unknown), "\(id)")
        }
    }

    @Test func `no profile calls an empty, an HTML or a redirecting answer ok`() throws {
        for id in ProfileBundle.ids {
            let profile = try Self.profile(id)
            for (status, body) in [
                (200, ""), (200, "<html></html>"), (302, ""), (200, "null"), (200, "\"ok\""), (204, ""),
            ] {
                let answer = Answer(
                    status: status, headers: [("Location", "http://elsewhere.example")], body: Array(body.utf8))
                #expect(
                    profile.read(answer, values: ["balance_path": "/"], secrets: []).outcome != .ok,
                    "\(id) \(status) \(body)")
            }
        }
    }

    @Test(arguments: [
        "no fake-token-1 here", "no FAKE-TOKEN-1 here", "no fake\u{200B}-token-1 here", "no fake-token",
        "no fake%2Dtoken%2D1",
        "no fake-token-1\u{301} here",
    ])
    func `a message in which a secret comes back, in whatever form, is dropped`(message: String) throws {
        #expect(Redaction(hiding: ["fake-token-1"]).clean(message, limit: 200) == nil)
    }

    @Test func `control characters do not reach the screen`() {
        #expect(Redaction(hiding: ["fake-token-1"]).clean("no\u{1b}[31m here\n\u{202E}x", limit: 200) == "no[31m herex")
    }

    @Test func `a profile of one's own loads`() throws {
        #expect(
            try Profile(yaml: SampleProfile.text, ownFile: "/home/mine.yaml").description.ownFile == "/home/mine.yaml")
    }

    @Test(arguments: [
        ("rotation: overlap", "rotation: sideways", "rotation"), ("max_age: 90d", "max_age: soon", "max_age"),
        ("label: Mine\n", "", "label"), ("panel: somewhere", "panel: somewhere\ncolour: red", "colour"),
        ("https://mine.example", "http://mine.example", "environments.live"),
        ("{{base_url}}/me", "https://elsewhere.example/me", "balance.requests[0].url"),
        ("{{token}}", "{{tokne}}", "balance.requests[0].headers.Authorization"),
        ("{{token}}", "{{token", "balance.requests[0].headers.Authorization"),
        ("{{base_url}}/me", "{{base_url}}{{token|path}}", "balance.requests[0].url"),
        ("method: GET", "method: DELETE", "balance.requests[0].method"), ("ok: [", "yes: [", "balance.outcomes.yes"),
        ("{ status: 200, json: { pointer: /ok, equals: \"true\" } }", "{}", "balance.outcomes.ok[0]"),
        ("status: 200", "status: 20000", "balance.outcomes.ok[0].status"), ("secret: true", "secret: false", "fields"),
        ("per: 1s", "per: 1h", "limit.per"), ("role: key", "role: boss", "fields[0].role"),
        ("id: mine", "id: ../mine", "id"),
        ("id: mine", "id: [", ""), ("id: mine", "id: mine\nid: other", ""),
    ])
    func `a wrong profile is refused at the location of the fault`(text: String, wrong: String, location: String) throws
    {
        do {
            _ = try Profile(yaml: SampleProfile.text.replacingOccurrences(of: text, with: wrong))
            Issue.record("it was accepted")
        } catch {
            #expect(error.location == location)
        }
    }

    private func fault(_ text: String, _ wrong: String) -> ProfileFault? {
        do throws(ProfileFault) {
            _ = try Profile(yaml: SampleProfile.text.replacingOccurrences(of: text, with: wrong))
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "http://evil.example/?{{base_url}}", "https://evil.example/{{base_url}}", "{{base_url}}@evil.example",
        "{{base_url}}.evil.example", "{{base_url}}:8080", "{{base_url}}:8080/me", "{{base_url}}evil.example/me",
        "{{base_url}}{{token}}", "{{base_url}}{{account|path}}", "{{base_url}}\\\\evil.example", "{{base_url}}-x/me",
        "/{{base_url}}/me", " {{base_url}}/me", "{{base_url}}/me#x", "{{base_url}}/me x",
        "{{account|path}}{{base_url}}",
    ])
    func `a URL that could lead to another host is refused before any key is there`(url: String) {
        let account = "  - { name: account, label: Account, secret: false, role: other }\nenvironments"
        let text = SampleProfile.text.replacing("environments", with: account).replacing("{{base_url}}/me", with: url)
        #expect(throws: ProfileFault.self) { try Profile(yaml: text) }
        let issue = """
            issue:
              request: { method: POST, url: "\(url)", headers: { Authorization: "Bearer {{token}}" } }
              succeeded: [{ status: 201 }]
              values: { token: /token }
            """
        let own = SampleProfile.text.replacing("environments", with: account)
        do throws(ProfileFault) {
            _ = try Profile(yaml: own + "\n" + issue)
            Issue.record("it was accepted")
        } catch {
            #expect(error.location == "issue.request.url")
        }
        let revoke = issue.replacing("issue:", with: "revoke:").replacing("  values: { token: /token }", with: "")
        #expect(throws: ProfileFault.self) { try Profile(yaml: own + "\n" + revoke) }
        #expect(throws: Never.self) { try Profile(yaml: own + "\n" + issue.replacing(url, with: "{{base_url}}/keys")) }
    }

    @Test(arguments: ["Host", "host", "Transfer-Encoding", "Content-Length", "Connection", "X:Y", "", "X\\nY"])
    func `a header that redirects or reshapes a request is refused`(name: String) {
        #expect(fault("headers: { Authorization:", "headers: { \"\(name)\": x, Authorization:") != nil)
        #expect(fault("headers: { Authorization:", "headers: { X-Y: \"a\\r\\nHost: b\", Authorization:") != nil)
        #expect(fault("headers: { Authorization:", "headers: { X-Y: \"a\", Authorization:") == nil)
    }

    /// A name with a typo would be sent as nothing, or read as nothing.
    @Test(arguments: [
        ("GET, url", "POST, form: { key: \"{{tokne}}\" }, url", "balance.requests[0].form.key"),
        ("GET, url", "POST, json: '{\"key\":\"{{tokne}}\"}', url", "balance.requests[0].json"),
        ("  outcomes:", "  identity: \"{{acount}}\"\n  outcomes:", "balance.identity"),
        ("  outcomes:", "  identity: account\n  outcomes:", "balance.identity"),
        ("  outcomes:", "  identity: \"{{token}}\"\n  outcomes:", "balance.identity"),
        ("  outcomes:", "  identity: \"{{base_url}}\"\n  outcomes:", "balance.identity"),
        ("  outcomes:", "  money: [{ pointer: \"{{x}}\" }]\n  outcomes:", "balance.money[0].pointer"),
        (
            "  outcomes:", "  money: [{ pointer: /a, currency_pointer: \"{{x}}\" }]\n  outcomes:",
            "balance.money[0].currency_pointer"
        ),
        ("  outcomes:", "  money: [{ pointer: /a, currency: euro }]\n  outcomes:", "balance.money[0].currency"),
        ("  outcomes:", "  message: [message]\n  outcomes:", "balance.message"),
        ("pointer: /ok", "pointer: ok", "balance.outcomes.ok[0].json.pointer"),
        ("status: 200,", "status: 200, present: [nope],", "balance.outcomes.ok[0].present"),
        ("equals: \"true\"", "type: strng", "balance.outcomes.ok[0].json.type"),
        (
            "GET, url", "POST, form: { key: \"{{token}}\" }, json: '{}', url", "balance.requests[0].json"
        ),
        ("GET, url", "POST, json: '{\"key\":{{token}}}', url", "balance.requests[0].json"),
        ("GET, url", "POST, json: '{\"key\":', url", "balance.requests[0].json"),
        ("role: key,", "role: key }\n  - { name: token, label: T, secret: true, role: key,", "fields[1].name"),
        ("role: key,", "role: key }\n  - { name: base_url, label: T, secret: true, role: key,", "fields[1].name"),
        (
            "environments",
            "samples: [{ name: a, source: b, fields: { x: y }, status: 200, body: '', outcome: ok }]\nenvironments",
            "samples[0].fields.x"
        ),
    ])
    func `a name that no field has is refused, wherever it stands`(text: String, wrong: String, location: String) throws
    {
        let found = try #require(fault(text, wrong))
        #expect(found.location == location, "\(found.problem)")
    }

    @Test func `a JSON body may hold a number that its pattern keeps one`() {
        let field = "role: key,"
        let number = "role: key }\n  - { name: n, label: N, secret: false, role: other, pattern: \"[0-9]+\","
        #expect(fault(field, number) == nil)
        let text = SampleProfile.text.replacing(field, with: number)
            .replacing("GET, url", with: "POST, json: '{\"n\":{{n}}}', url")
        #expect(throws: Never.self) { try Profile(yaml: text) }
        #expect(throws: ProfileFault.self) { try Profile(yaml: text.replacing("[0-9]+", with: "[0-9]*.?")) }
    }

    @Test(arguments: ["Bearer {token}", "Bearer", "Bearer ${token}"])
    func `a request without the key is refused`(header: String) throws {
        let yaml = try #require(ProfileBundle.text(of: "bearer")).replacing("Bearer {{token}}", with: header)
        let fault = #expect(throws: ProfileFault.self) { try Profile(yaml: yaml, isTried: true) }
        #expect(fault?.problem.contains("without a key") == true)
    }
}

struct TemplateTests {
    private let values = ["base_url": "https://h.example", "v": "a b/?&=\"\\\u{1}é\r\nX: y"]

    @Test func `a value is escaped for the place it goes to`() throws {
        let template = try Template("<{{v}}>", location: "")
        #expect(try template.render(values, for: .url) == "<a%20b%2F%3F%26%3D%22%5C%01%C3%A9%0D%0AX%3A%20y>")
        #expect(try template.render(values, for: .form) == "<a%20b%2F%3F%26%3D%22%5C%01%C3%A9%0D%0AX%3A%20y>")
        #expect(try template.render(values, for: .json) == "<a b/?&=\\\"\\\\\\u0001é\\u000d\\u000aX: y>")
        #expect(throws: Template.Fault.unfit(name: "v")) { try template.render(values, for: .header) }
        #expect(throws: Template.Fault.missing(name: "v")) { try template.render([:], for: .url) }
        #expect(try template.render(["v": "plain"], for: .header) == "<plain>")
    }

    @Test func `a path keeps its slashes and nothing that ends a URL`() throws {
        let template = try Template("{{base_url}}{{v|path}}", location: "")
        #expect(
            try template.render(["base_url": "https://h", "v": "/a/b?c=d#e f"], for: .url)
                == "https://h/a/b?c=d%23e%20f")
    }
}

struct JSONValueTests {
    private let value = JSONValue(Array(#"{"a":{"b":[10,{"c~d":"x","e/f":true}]},"n":12.50,"z":null}"#.utf8))

    @Test(arguments: [
        ("/a/b/0", "10"), ("/a/b/1/c~0d", "x"), ("/a/b/1/e~1f", "true"), ("/n", "12.5"), ("/a/b/2", nil),
        ("/a/b/00", nil),
        ("/a/b/-", nil), ("/nope", nil), ("a", nil), ("/z", nil), ("/a/b/0/x", nil),
    ])
    func `pointers lead where RFC 6901 says`(pointer: String, text: String?) {
        #expect(value?[pointer: pointer]?.text == text)
    }

    @Test func `large and exact numbers keep their digits`() {
        let exact = JSONValue(Array(#"{"n":12345678901234567890.12}"#.utf8))
        #expect(exact?[pointer: "/n"]?.text == "12345678901234567890.12")
    }

    @Test(arguments: ["", "{", "[1 2]", "<html>", "{\"a\":1}{", String(repeating: "[", count: 5000)])
    func `what is no JSON is nothing`(text: String) {
        #expect(JSONValue(Array(text.utf8)) == nil)
    }
}
