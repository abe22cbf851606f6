import Credentials
import Sealing
import Testing

@testable import Providers

/// What people paste when they are asked for a key.
struct RecognitionTests {
    private static let reseller = "00000000-0000-4000-8000-000000000001"
    private static let user = Field(
        name: "reseller_id", label: "Reseller ID", isSecret: false, isOptional: false, role: .user,
        pattern: "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$", variable: nil)
    private static let key = Field(
        name: "api_key", label: "API key", isSecret: true, isOptional: false, role: .key, pattern: nil, variable: nil)

    private func judge(_ pasted: String) throws {
        try Recognition.judge(
            ["api_key": SecretBytes(pasted.utf8)], fields: [Self.user, Self.key], known: ["reseller_id": Self.reseller])
    }

    private func taken(_ pasted: String) -> String? {
        Recognition.takenApart(
            SecretBytes(pasted.utf8), of: Self.key, fields: [Self.user, Self.key],
            known: ["reseller_id": Self.reseller])?["api_key"].map {
                $0.withBytes { String(decoding: $0, as: UTF8.self) }
            }
    }

    @Test(arguments: [
        #"export FAKE_API_KEY="fake-key-1""#, "FAKE_API_KEY='fake-key-1'", #"{"api_key":"fake-key-1"}"#,
        #"{ "reseller_id": "00000000-0000-4000-8000-000000000001", "api_key": "fake-key-1" }"#,
        "00000000-0000-4000-8000-000000000001:fake-key-1", "X-API-KEY: fake-key-1", "SOMETHING_ELSE=fake-key-1",
        #"curl -s -H "X-API-KEY: fake-key-1" https://api.example.com/v1/balance"#, "API key: fake-key-1",
        "Reseller ID: 00000000-0000-4000-8000-000000000001\tAPI key: fake-key-1", "api_key = fake-key-1;",
    ])
    func `a key among other things is taken out of them`(pasted: String) throws {
        #expect(throws: Hygiene.Refusal.self) { try judge(pasted) }
        #expect(taken(pasted) == "fake-key-1")
    }

    @Test func `a key that was pasted twice is taken once`() throws {
        #expect(throws: Hygiene.Refusal.isDoubled(field: Self.key)) { try judge("fake-key-12345678fake-key-12345678") }
        #expect(taken("fake-key-12345678fake-key-12345678") == "fake-key-12345678")
    }

    @Test(arguments: [
        ("********", Hygiene.Refusal.isMasked(field: key)), ("••••••••", .isMasked(field: key)),
        ("●●●●", .isMasked(field: key)), ("y", .isNoValue(field: key)), ("Yes", .isNoValue(field: key)),
        ("API key", .isNoValue(field: key)), ("api_key", .isNoValue(field: key)),
        ("www.example.com/keys", .isURL(field: key)), ("https://example.com", .isURL(field: key)),
        ("me@example.com", .email(field: key)), (reseller, .isOtherField(field: key, other: user)),
        (reseller.uppercased(), .isOtherField(field: key, other: user)),
        ("curl https://api.example.com", .isCommand(field: key)),
    ])
    func `what is no key is told by its name`(pasted: String, refusal: Hygiene.Refusal) {
        #expect(throws: refusal) { try judge(pasted) }
        #expect(taken(pasted) == nil)
    }

    @Test(arguments: [
        "fake-key-1", "eyJmYWtlIjoxfQ.eyJmYWtlIjoyfQ.c2lnbmF0dXJl", "ZmFrZS1rZXktMQ==", "QUJDRA=", "yesterday-1",
        "fake:key:1", "a=b", "abcdabcd", "nobody", "key", "curly-key-1", "p@ss.word5Oo6F0",
    ])
    func `what may be a key is none of these`(pasted: String) {
        #expect(throws: Never.self) { try judge(pasted) }
    }
}
