import Foundation
import Testing

/// Whose key is it? Providers that tell it at another place than the balance.
struct AccountTests {
    private let sandbox: Sandbox

    init() async throws { sandbox = try await Sandbox() }

    private func add(_ address: String, _ witness: Witness, _ values: String) async throws -> Sandbox.Outcome {
        try await sandbox.rekeep("add", address, "--base-url", witness.url, "--input", "-", input: values)
    }

    @Test func `an account's token at Cloudflare is verified and rolled at the account's path`() async throws {
        let (account, id) = (String(repeating: "a", count: 32), String(repeating: "b", count: 32))
        let (old, new) = ("cfat_fake-old-0000000000000000000000000000", "cfat_fake-new-0000000000000000000000000000")
        let active = Witness.Answer(
            body: #"{"success":true,"result":{"id":"\#(id)","status":"active","expires_on":"2031-05-01T00:00:00Z"}}"#)
        let path = "/accounts/\(account)/tokens/"
        let refusal = #"{"success":false,"errors":[{"code":1000,"message":"Invalid API Token"}],"result":null}"#
        let witness = try await Witness(
            refusal, status: 401,
            answers: [
                "GET \(path)verify \(old)": active, "GET \(path)verify \(new)": active,
                "PUT \(path)\(id)/value \(old)": Witness.Answer(body: #"{"success":true,"result":"\#(new)"}"#),
            ])
        let added = try await add(
            "dns/live/cloudflare", witness, #"{"token_id":"\#(id)","token":"\#(old)","account_id":"\#(account)"}"#)
        try #require(added.status == 0, "\(added.err)")
        let expires = try await sandbox.rekeep("status", "--json").objects.first?["expires_at"] as? String
        #expect(expires?.hasPrefix("2031-05-01") == true)
        let rotated = try await sandbox.rekeep("rotate", "dns/live", "--auto", "--yes")
        #expect(rotated.status == 0, "\(rotated.err)")
        #expect(!rotated.err.contains("paste"))
        #expect(try await sandbox.rekeep("show", "dns/live", "--field", "token").out == new)
        #expect(witness.seen.contains("PUT \(path)\(id)/value") && !witness.seen.contains("PUT /user"))
        // A user's token has no account.
        #expect(try await add("site/live/cloudflare", witness, #"{"token_id":"\#(id)","token":"\#(old)"}"#).status == 1)
        #expect(witness.seen.contains("GET /user/tokens/verify"))
    }

    @Test func `a second request tells the account where the balance does not`() async throws {
        let profile = #"""
            id: acme
            label: Acme
            variable_prefix: ACME
            rotation: overlap
            max_age: 90d
            activation_window: 1s
            panel: "Account > Tokens"
            limit: { requests: 50, per: 1s, scope: key }
            fields:
              - { name: token, label: Token, secret: true, role: key, variable: TOKEN }
            environments: { live: "" }
            balance:
              requests: [{ method: GET, url: "{{base_url}}/balance", headers: { Authorization: "Bearer {{token}}" } }]
              outcomes:
                bad-credentials: [{ status: 401 }]
                ok: [{ status: 200, json: { pointer: /balance, exists: true } }]
              money: [{ pointer: /balance, currency: USD }]
              identity_request:
                request: { method: GET, url: "{{base_url}}/me", headers: { Authorization: "Bearer {{token}}" } }
                pointer: /id
            samples: [{ name: balance, source: made up, status: 200, body: '{"balance":"1.00"}', outcome: ok, balance: "1.00" }]
            """#
        try sandbox.write(profile, to: ".config/rekeep/providers/acme.yaml")
        var answers: [String: Witness.Answer] = [:]
        for (token, account) in [("fake-1", "acct-1"), ("fake-2", "acct-2"), ("fake-3", "acct-1")] {
            answers["GET /balance \(token)"] = Witness.Answer(body: #"{"balance":"100.00"}"#)
            answers["GET /me \(token)"] = Witness.Answer(body: #"{"id":"\#(account)"}"#)
        }
        let witness = try await Witness("{}", status: 401, answers: answers)
        try #require(await add("site/live/acme", witness, #"{"token":"fake-1"}"#).status == 0)
        func rotate(to token: String) async throws -> Sandbox.Outcome {
            try await sandbox.rekeep("rotate", "site/live", "--input", "-", input: #"{"token":"\#(token)"}"#)
        }
        let other = try await rotate(to: "fake-2")
        #expect(other.status == 1)
        #expect(other.err.contains("for another account: acct-2 instead of acct-1"))
        #expect(try await sandbox.rekeep("rotate", "--abort", "site/live", "--yes").status == 0)
        let own = try await rotate(to: "fake-3")
        #expect(own.status == 0, "\(own.err)")
    }

    @Test func `a connection that ends in the middle of an answer is named`() async throws {
        let witness = try await Witness(
            "{}", status: 401,
            answers: [
                "GET /v1/account fake-1": Witness.Answer(body: #"{"account":{"id":"a","balance":"1.00"}}"#, isCut: true)
            ])
        let added = try await add(
            "site/live/bearer", witness, #"{"token":"fake-1","balance_path":"/v1/account"}"#)
        #expect(added.status == 69)
        #expect(added.err.contains("ended in the middle of the answer"), "\(added.err)")
    }
}
