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
        // Characters count, whatever their bytes.
        let (kept, more) = try clean("\u{201C}\u{200B} ключ𝒦\u{FEFF} \u{201D} ")
        #expect(kept == "ключ𝒦")
        #expect(
            more == [
                Hygiene.Removal(what: .quotes, position: 1),
                Hygiene.Removal(what: .invisible(codePoint: 0x200B), position: 2),
                Hygiene.Removal(what: .whiteSpace(codePoint: 0x20), position: 3),
                Hygiene.Removal(what: .invisible(codePoint: 0xFEFF), position: 9),
                Hygiene.Removal(what: .whiteSpace(codePoint: 0x20), position: 10),
                Hygiene.Removal(what: .whiteSpace(codePoint: 0x20), position: 12),
            ])
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
        "http://127.0.0.1@example.com", "https://host:+443", "https://host:0", "https://host..", "https://.host",
        "https://ho,st", "https://127.1", "https://0x7f.1", "https://2130706433", "https://127.0.0.010", "https://[::1",
        "https://[fe80::1%25eth0]", "https://[1.2.3.4]", "https://ho\u{3002}st",
    ])
    func `what is not a plain URL is malformed`(text: String) {
        #expect(throws: BaseURL.Refusal.malformed(text)) { try BaseURL(text) }
    }

    @Test(arguments: [
        ("https://api.example.com", "https://API.Example.com.:443/v2"),
        ("http://127.0.0.1", "http://127.0.0.1:80"),
        ("https://[2001:db8::1]", "https://[2001:0DB8:0:0:0:0:0:1]:443/x?y"),
    ])
    func `one origin in two spellings is one`(one: String, other: String) {
        #expect(Origin(of: one) != nil && Origin(of: one) == Origin(of: other))
    }

    @Test(arguments: [
        "http://api.example.com", "https://api.example.com:444", "https://api.example.com.evil.example",
        "https://api-example.com", "https://example.com", "https://api.example.com@evil.example",
        "https://api.example.com\\\\evil", "https://api.example.com#", "https://ap%69.example.com",
        "HTTPS://api.example.com", "https://api.example.com\t", "https://api.example.com:0443x",
        "https:///api.example.com",
    ])
    func `another origin, or one that could be read in two ways, is another`(url: String) {
        #expect(Origin(of: url) != Origin(of: "https://api.example.com"))
    }

    @Test func `the dot that a complete host name ends with is left out`() throws {
        let parsed = try BaseURL("https://Api.example.com.:8443/v1/")
        #expect(parsed.description == "https://Api.example.com:8443/v1" && parsed.host == "api.example.com")
    }
}

struct FieldPatternTests {
    @Test(arguments: [
        ("[0-9]+", "123", true), ("[0-9]+", "x123", false), ("[0-9]+", "123x", false), ("[0-9]+", "", false),
        ("a|b", "a", true), ("a|b", "ab", false), ("a|b", "xb", false), ("a|ab", "ab", true), ("ab|a", "a", true),
        ("^a$|^b", "bb", false), ("[0-9]+", "12\n34", false), ("[0-9]+", "12\n", false), ("^[0-9]+$", "x\n12", false),
        ("[0-9]+", "12\u{0}", false), ("[0-9]+", "12\u{0}34", false), ("^[0-9]+$", "12\u{0}x", false),
        ("a*", "", true), ("(a)(b)?", "ab", true), ("x*", "yx", false),
    ])
    func `a field's pattern describes the whole value`(pattern: String, value: String, fits: Bool) throws {
        #expect(try #require(FieldPattern(pattern)).fits(SecretBytes(value.utf8)) == fits)
    }

    @Test func `a condition's pattern is found anywhere, also behind a zero`() throws {
        let pattern = try #require(FieldPattern("not (author|allow)"))
        #expect(pattern.isFound(in: "you are not authorized") && !pattern.isFound(in: "you are authorized"))
        #expect(pattern.isFound(in: "a\u{0}b not allowed") && !pattern.isFound(in: ""))
        #expect(try #require(FieldPattern("^b")).isFound(in: "b") && FieldPattern("(") == nil)
        #expect(FieldPattern("a\u{0}b") == nil)
    }
}
