import Foundation
import Testing

/// The rehearsal registrar speaks the providers' protocols as they are known.
struct RehearsalTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal

    init() async throws {
        sandbox = try await Sandbox(opens: false)
        rehearsal = try await Rehearsal()
    }

    /// Status and body of one request.
    private func ask(_ url: String, _ headers: String...) async throws -> (status: String, body: String) {
        let outcome = try await sandbox.run(
            ["curl", "-s", "--max-time", "20", "-w", "\\n%{http_code} %{redirect_url}", url]
                + headers.flatMap { ["-H", $0] })
        let lines = outcome.out.split(separator: "\n", omittingEmptySubsequences: false)
        return (String(lines.last ?? ""), lines.dropLast().joined(separator: "\n"))
    }

    private func own(_ key: String, path: String = "api/v1", environment: String = "live") async throws -> (
        status: String, body: String
    ) {
        try await ask(
            rehearsal.url + "/domainnameapi/\(environment)/\(path)/deposit/accounts/me", "X-API-KEY: \(key)",
            "__reseller: \(rehearsal.reseller)")
    }

    @Test func `Domain Name API: live and test apart, text for a bad key, a login page without a reseller`()
        async throws
    {
        let good = try await own(rehearsal.liveKey)
        #expect(good.status == "200 " && good.body.contains("\"resellerId\":\"\(rehearsal.reseller)\""))
        #expect(try await own(rehearsal.liveKey, environment: "test") == ("401 ", "Unauthorized"))
        #expect(try await own("fake-nobody") == ("401 ", "Unauthorized"))
        let missing = try await ask(rehearsal.liveURL + "/deposit/accounts/me", "X-API-KEY: \(rehearsal.liveKey)")
        #expect(missing.status.hasPrefix("302 ") && missing.status.hasSuffix("/Account/Login"))
    }

    @Test func `the bulk path grants one request a second`() async throws {
        let url = rehearsal.url + "/domainnameapi/live/api-bulk/v1/deposit/accounts/me"
        // One process asks eight times in a row: that takes milliseconds.
        let asked = try await sandbox.run(
            ["curl", "-s", "--max-time", "20", "-w", "%{http_code} ", "-H", "X-API-KEY: \(rehearsal.liveKey)"]
                + ["-H", "__reseller: \(rehearsal.reseller)"] + (0..<8).flatMap { _ in ["-o", "/dev/null", url] })
        #expect(asked.out.hasPrefix("200 "))
        #expect(asked.out.contains("429"))
    }

    @Test func `an address that is not on the allow-list is refused like a bad key`() async throws {
        let account = try await rehearsal.panel("accounts", #"{"provider":"domainnameapi","allowed":["192.0.2.1"]}"#)
        let id = try #require(account["id"] as? String)
        let key = try await rehearsal.regenerate(account: id)
        let answer = try await ask(
            rehearsal.liveURL + "/deposit/accounts/me", "X-API-KEY: \(key)", "__reseller: \(id)")
        #expect(answer == ("401 ", "Unauthorized"))
    }

    @Test func `101domain: the second path, and one body for missing, invalid and expired`() async throws {
        let url = rehearsal.url + "/101domain/v1/"
        #expect(
            try await ask(url + "account/balance", "Authorization: Bearer \(rehearsal.domain101Key)").status == "404 ")
        let good = try await ask(url + "finance/balance", "Authorization: Bearer \(rehearsal.domain101Key)")
        #expect(good.status == "200 " && good.body.contains("\"credit_balance\":\"100.00\""))
        let bad = try await ask(url + "finance/balance", "Authorization: Bearer fake-nobody")
        #expect(bad.status == "401 " && bad.body.contains("missing, invalid, or expired"))
    }

    @Test func `bearer: scopes, expiry and revocation`() async throws {
        let url = rehearsal.url + "/bearer/live/v1/account"
        func token(_ more: String) async throws -> String {
            let key = try await rehearsal.panel("keys", "{\"account\":\"\(rehearsal.bearerAccount)\",\(more)}")
            return try #require(key["value"] as? String)
        }
        let narrow = try await token(#""scopes":["domains:read"]"#)
        #expect(try await ask(url, "Authorization: Bearer \(narrow)").status == "403 ")
        let expired = try await token(#""lifetime":-1"#)
        #expect(try await ask(url, "Authorization: Bearer \(expired)").status == "401 ")
        #expect(try await ask(url, "Authorization: bearer \(rehearsal.bearerToken)").status == "401 ")
        #expect(try await ask(url, "Authorization: Bearer \(rehearsal.bearerToken)").status == "200 ")
        try await rehearsal.panel("revoke", "{\"key\":\"\(rehearsal.bearerToken)\"}")
        #expect(try await ask(url, "Authorization: Bearer \(rehearsal.bearerToken)").status == "401 ")
    }

    @Test func `101domain is rotated through its second path, with its expiry`() async throws {
        let sandbox = try await Sandbox()
        let nextMonth = String(Date(timeIntervalSinceNow: 30 * 86_400).ISO8601Format().prefix(10))
        let added = try await sandbox.rekeep(
            "add", "shop/live/101domain", "--base-url", rehearsal.url + "/101domain", "--expires", nextMonth,
            "--input",
            "-", input: "{\"api_key\":\"\(rehearsal.domain101Key)\"}")
        #expect(added.status == 0 && added.out.contains("balance 100.00 USD"), "\(added.err)")
        let late = try await sandbox.rekeep(
            "edit", "shop/live", "--expires", "2099-01-01")
        #expect(late.status == 65)
    }
}
