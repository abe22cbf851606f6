import Credentials
import Sealing
import Testing

@testable import Providers

struct HygieneTests {
    private static let resellerID = Field(
        name: "reseller_id", label: "Reseller ID", isSecret: false, isOptional: false, role: .user,
        pattern: "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$", variable: nil)
    private static let apiKey = Field(
        name: "api_key", label: "API key", isSecret: true, isOptional: false, role: .key, pattern: nil, variable: nil)

    private func clean(_ text: String) throws -> (String, [Hygiene.Removal]) {
        let (value, removals) = try Hygiene.clean(SecretBytes(text.utf8), field: Self.apiKey)
        return (String(decoding: value.withBytes { Array($0) }, as: UTF8.self), removals)
    }

    @Test(arguments: [
        ("fake-key", "fake-key"), ("  fake-key\n", "fake-key"), ("\"fake-key\"", "fake-key"),
        ("'fake-key' ", "fake-key"),
        ("\u{201C}fake-key\u{201D}", "fake-key"), ("Bearer fake-key", "fake-key"), ("bearer fake-key", "fake-key"),
        ("fake\u{200B}-key\u{FEFF}", "fake-key"), ("fake-\r\n  key", "fake-  key"),
        ("\u{00A0}fake-key\u{2003}", "fake-key"),
        ("\"Bearer fake-key\"", "fake-key"), ("fake\u{202E}-key", "fake-key"), ("\u{0}fake-key", "fake-key"),
        ("fake\tkey", "fakekey"), ("a b", "a b"), ("clé", "clé"),
    ])
    func `what a paste adds is taken out`(pasted: String, kept: String) throws {
        #expect(try clean(pasted).0 == kept)
    }

    @Test func `each removal says what it was and where, never the value`() throws {
        let (_, removals) = try clean(" fake\u{200B}key")
        #expect(
            removals == [
                Hygiene.Removal(what: .whiteSpace(codePoint: 0x20), position: 1),
                Hygiene.Removal(what: .invisible(codePoint: 0x200B), position: 6),
            ])
        #expect(try clean("fake-key").1.isEmpty)
        #expect(!"\(removals)".contains("fake"))
    }

    @Test func `a value of nothing, of other bytes, or without end is refused`() {
        #expect(throws: Hygiene.Refusal.empty(field: Self.apiKey)) { try clean(" \u{200B} ") }
        #expect(throws: Hygiene.Refusal.notUTF8(field: Self.apiKey)) {
            try Hygiene.clean(SecretBytes([0x66, 0xFF, 0xFE]), field: Self.apiKey)
        }
        #expect(throws: Hygiene.Refusal.tooLong(field: Self.apiKey, limit: Hygiene.longest)) {
            try clean(String(repeating: "a", count: Hygiene.longest + 1))
        }
    }

    @Test func `an e-mail, a swap and a wrong form each have their own reason`() {
        let id = "00000000-0000-4000-8000-000000000001"
        func inspect(_ reseller: String, _ key: String) throws {
            try Hygiene.inspect(
                ["reseller_id": SecretBytes(reseller.utf8), "api_key": SecretBytes(key.utf8)],
                fields: [Self.resellerID, Self.apiKey])
        }
        #expect(throws: Never.self) { try inspect(id, "fake-key") }
        #expect(throws: Hygiene.Refusal.email(field: Self.resellerID)) { try inspect("me@example.com", "fake-key") }
        #expect(throws: Hygiene.Refusal.swapped(field: Self.resellerID, other: Self.apiKey)) {
            try inspect("fake-key", id)
        }
        #expect(throws: Hygiene.Refusal.wrongForm(field: Self.resellerID)) { try inspect("12345", "fake-key") }
    }
}

struct BaseURLTests {
    @Test(arguments: [
        ("https://api.example.com/v1/", "https://api.example.com/v1", "api.example.com"),
        ("https://API.example.com:8443", "https://API.example.com:8443", "api.example.com"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x", "127.0.0.1"),
        ("http://localhost", "http://localhost", "localhost"),
        ("http://[::1]:80", "http://[::1]:80", "[::1]"),
    ])
    func `https goes anywhere, http to this machine`(text: String, url: String, host: String) throws {
        let parsed = try BaseURL(text)
        #expect(parsed.description == url)
        #expect(parsed.host == host)
    }

    @Test(arguments: [
        "http://api.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1",
    ])
    func `http elsewhere is refused`(text: String) {
        #expect(throws: BaseURL.Refusal.self) { try BaseURL(text) }
    }

    @Test(arguments: [
        "", "api.example.com", "ftp://x", "https://", "https://user@host", "https://host?x=1", "https://host#x",
        "https://ho st",
        "https://host:port", "https://host:99999", "https://host/%2e%2e", "https://h\u{00F6}st",
        "http://127.0.0.1@example.com",
    ])
    func `what is not a plain URL is malformed`(text: String) {
        #expect(throws: BaseURL.Refusal.malformed(text)) { try BaseURL(text) }
    }
}
