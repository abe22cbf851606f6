import Foundation
import Testing

/// Where no key is issued or ended.
extension IssueTests {
    @Test(arguments: [
        (#"{"status":401}"#, Int32(1)), (#"{"status":503}"#, 69), (#"{"html":true}"#, 69), (#"{"size":2000}"#, 69),
    ])
    func `where none is issued, the old key stays`(fault: String, status: Int32) async throws {
        let count = try await keys().count
        try await rehearsal.fault(fault, provider: "bearer")
        let rotated = try await sandbox.rekeep("rotate", "site/live", "--auto", "--no-input")
        #expect(rotated.status == status, "\(rotated.err)")
        #expect(try await current() == rehearsal.bearerToken)
        #expect(try await keys().count == count)
        #expect(try await sandbox.rekeep("rotate", "--status").out == "No rotation is open.\n")
    }

    @Test func `an issued key is kept, whatever date comes with it`() async throws {
        // The provider says 90 days, where the profile knows no key that lives longer than one.
        let path = ".config/rekeep/providers/acme.yaml"
        try sandbox.write(sandbox.text(path).replacing("lifetime: 365d", with: "lifetime: 1d"), to: path)
        let added = try await sandbox.rekeep(
            "add", "shop/live/acme", "--base-url", rehearsal.url + "/bearer/live", "--input", "-",
            input: #"{"token":"\#(try await rehearsal.regenerate(account: rehearsal.bearerAccount))"}"#)
        try #require(added.status == 0, "\(added.err)")
        let count = try await keys().count
        let rotated = try await sandbox.rekeep("rotate", "shop/live", "--auto", "--no-input")
        #expect(rotated.status == 0, "\(rotated.err)")
        #expect(try await keys().count == count + 1)
        // A date of one's own is looked at before anything is asked for.
        #expect(try await sandbox.rekeep("rotate", "site/live", "--auto", "--expires", "2020-01-01").status == 65)
        #expect(try await keys().count == count + 1)
    }

    @Test func `while a key is on its way, nobody takes the vault away`() async throws {
        try await rehearsal.fault(#"{"stalls":true}"#, provider: "bearer")
        let script = """
            "$0" rotate site/live --auto --no-input >/dev/null 2>&1 & first=$!
            \(try await rehearsal.untilAsked())
            "$0" rekey 2>err; [ $? = 75 ] || exit 8
            "$0" slot remove recovery --yes 2>>err; [ $? = 75 ] || exit 7
            kill -KILL $first
            # Its locks go with it, not with the signal.
            wait $first
            true
            """
        let met = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
        #expect(met.status == 0, "\(sandbox.text("err"))")
        #expect(try await sandbox.rekeep("rekey").status == 0)
    }

    @Test func `a key that another credential uses is not ended`() async throws {
        let added = try await sandbox.rekeep(
            "add", "shop/live/acme", "--base-url", rehearsal.url + "/bearer/live", "--input", "-",
            input: #"{"token":"\#(rehearsal.bearerToken)"}"#)
        try #require(added.status == 0, "\(added.err)")
        #expect(try await sandbox.rekeep("rotate", "site/live", "--auto", "--no-input").status == 0)
        let refused = try await sandbox.rekeep("retire", "site/live", "--revoke", "--yes")
        #expect(refused.status == 2)
        #expect(refused.err.contains("shop/live/acme uses the same key"))
        #expect(try await sandbox.rekeep("check", "shop/**").status == 0)
    }

    @Test func `a profile that does not say how is told apart`() async throws {
        try #require(await sandbox.addBearer("shop/live/bearer", rehearsal).status == 0)
        let rotated = try await sandbox.rekeep("rotate", "shop/live", "--auto", "--no-input")
        #expect(rotated.status == 78)
        #expect(rotated.err.contains("does not say how"))
        #expect(try await sandbox.rekeep("rotate", "site/live", "--auto", "--input", "x").status == 64)
    }

    @Test(arguments: [
        ("succeeded: [{ status: 201, json: { pointer: /token, type: string } }]", "", "issue.succeeded"),
        ("values: { token: /token }", "values: { other: /token }", "issue.values.other"),
        ("method: POST, url", "method: GET, url", "issue.request.method"),
        ("\"{{base_url}}/v1/tokens\"", "\"https://elsewhere.example/v1/tokens\"", "issue.request"),
    ])
    func `a wrong profile is refused at its place`(old: String, new: String, place: String) async throws {
        let path = sandbox.file("wrong.yaml")
        try sandbox.write(Self.profile.replacing(old, with: new), to: "wrong.yaml")
        let validated = try await sandbox.rekeep("providers", "validate", path)
        #expect(validated.status == 78)
        #expect(validated.err.contains(place), "\(validated.err)")
    }

    @Test func `a dry run refuses what the real run refuses`() async throws {
        try #require(await sandbox.addBearer("shop/live/bearer", rehearsal).status == 0)
        #expect(try await sandbox.rekeep("rotate", "shop/live", "--auto", "--dry-run").status == 78)
        #expect(try await sandbox.rekeep("rotate", "shop/live", "--auto").status == 78)
        #expect(try await !sandbox.rekeep("log").out.contains("asks the provider for a key"))
        try await rehearsal.fault(#"{"status":503}"#, provider: "bearer")
        let dry = try await sandbox.rekeep("rotate", "shop/live", "--dry-run", "--json")
        #expect(dry.status == 69)
        #expect(dry.object["old_key"] as? String == "provider-down")
        let many = try await sandbox.rekeep("rotate", "shop/**", "--dry-run", "--json")
        #expect(many.status == 69)
        #expect(many.objects.first?["old_key"] as? String == "provider-down")
    }
}
