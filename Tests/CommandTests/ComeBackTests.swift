import Foundation
import Testing

/// Versions that come back, and keys that the vault could not take.
struct ComeBackTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal

    init() async throws {
        sandbox = try await Sandbox(waits: false)
        rehearsal = try await Rehearsal()
    }

    private func site() async throws {
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let path = sandbox.file("site.env")
        try #require(await sandbox.rekeep("target", "add", "site/live", "--path", path).status == 0)
        try #require(await sandbox.rekeep("deploy").status == 0)
    }

    @Test func `the only working key is previous, and one command makes it current everywhere`() async throws {
        try await site()
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", new).status == 0)
        #expect(try await sandbox.rekeep("rotate", "--rollback", "site/live", "--yes").status == 0)
        try await rehearsal.panel("revoke", #"{"key":"\#(rehearsal.bearerToken)"}"#)
        let checked = try await sandbox.rekeep("check", "site/**")
        #expect(checked.status == 1)
        #expect(checked.err.contains("version 2 is accepted. rekeep rotate site/live/bearer --to 2"))
        let status = try await sandbox.rekeep("status", "site/**")
        #expect(status.out.contains("refused") && !status.err.contains("Revoke"))
        #expect(status.err.contains("rekeep rotate site/live/bearer --to 2"))
        #expect(try await sandbox.rekeep("rotate", "site/live", "--to", "2", "--no-input").status == 64)
        let back = try await sandbox.rekeep("rotate", "site/live", "--to", "2", "--yes", "--json")
        #expect(back.status == 0, "\(back.err)")
        #expect(back.object["new_version"] as? Int == 2)
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == new)
        #expect(sandbox.text("site.env").contains(new))
        #expect(try await sandbox.rekeep("drift").status == 0)
        // The other one is dead, and stays where it is.
        let dead = try await sandbox.rekeep("rotate", "site/live", "--to", "1", "--yes")
        #expect(dead.status == 1, "\(dead.err)")
        #expect(try await sandbox.rekeep("rotate", "--status").out == "No rotation is open.\n")
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == new)
    }

    @Test func `a kept version can be shown, an erased one and none cannot`() async throws {
        try await site()
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", new).status == 0)
        let old = try await sandbox.rekeep("show", "site/live", "--version", "1", "--field", "token", "--reveal")
        #expect(old.out == rehearsal.bearerToken)
        let document = try await sandbox.rekeep("show", "site/live", "--version", "1", "--reveal", "--json")
        #expect((document.object["fields"] as? [String: Any])?["token"] as? String == rehearsal.bearerToken)
        #expect(try await sandbox.rekeep("show", "site/live", "--version", "9", "--field", "token").status == 66)
        try await rehearsal.panel("revoke", #"{"key":"\#(rehearsal.bearerToken)"}"#)
        #expect(try await sandbox.rekeep("retire", "site/live").status == 1)
        #expect(try await sandbox.rekeep("retire", "site/live", after: "61s").status == 0)
        let gone = try await sandbox.rekeep("show", "site/live", "--version", "1", "--field", "token")
        #expect(gone.status == 66 && gone.err.contains("found dead and erased"))
        #expect(try await sandbox.rekeep("rotate", "site/live", "--to", "1", "--yes").status == 66)
    }

    @Test func `an older key that is pasted as the new one is recognised`() async throws {
        try await site()
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", new).status == 0)
        let again = try await sandbox.rotateBearer("site/live", rehearsal.bearerToken)
        #expect(again.status == 65)
        #expect(again.err.contains("rekeep rotate site/live/bearer --to 1"))
    }

    @Test(arguments: [
        ("someone@example.com", "this is an e-mail address"), ("https://panel.example/keys", "this is a web address"),
        ("X-API-KEY: fake-live-1", "this is more than the API key"),
        ("DOMAINNAMEAPI_KEY=fake-live-1", "this is more than the API key"),
        ("Reseller ID: RESELLER API key: fake-live-1", "names Reseller ID and API key"),
        ("RESELLER", "this is the Reseller ID, not the API key"),
    ])
    func `what is pasted for a key is looked at before it is kept`(pasted: String, words: String) async throws {
        try await sandbox.shared(rehearsal)
        let refused = try await sandbox.rotate(pasted.replacing("RESELLER", with: rehearsal.reseller))
        #expect(refused.status == 65, "\(refused.err)")
        #expect(refused.err.contains(words), "\(refused.err)")
        #expect(!refused.err.contains("fake-live-1"))
        let versions = try await sandbox.rekeep("show", "whmcs/live", "--json").object["versions"] as? [Any]
        #expect(versions?.count == 1)
    }

    @Test func `a cutover that would kill another application is refused`() async throws {
        try await sandbox.shared(rehearsal)
        #expect(try await sandbox.add("cron/live/domainnameapi", rehearsal).status == 0)
        let new = try await rehearsal.regenerate()
        let refused = try await sandbox.rotate(new)
        #expect(refused.status == 64)
        #expect(refused.err.contains("cron/live/domainnameapi has the same key"))
        #expect(try await sandbox.rotate(new, "--shared-too").status == 0)
        let flags = try await sandbox.rekeep("status", "cron/**", "--json").objects.first?["flags"] as? [String]
        #expect(flags?.contains("replaced") == true)
    }

    @Test func `at a terminal the other application is linked, and gets the new key`() async throws {
        try await sandbox.shared(rehearsal)
        #expect(try await sandbox.add("cron/live/domainnameapi", rehearsal).status == 0)
        let path = sandbox.file("cron.env")
        try #require(await sandbox.rekeep("target", "add", "cron/live", "--path", path).status == 0)
        try #require(await sandbox.rekeep("deploy").status == 0)
        let script = """
            set timeout 60
            spawn \(Sandbox.products)/rekeep rotate whmcs/live/domainnameapi
            expect "Link cron/live/domainnameapi" { send "y\\r" } timeout { exit 99 }
            expect "no way back" { send "y\\r" } timeout { exit 98 }
            expect "not shown" {} timeout { exit 97 }
            set key [exec curl -sf -d {{"account":"\(rehearsal.reseller)","environment":"live"}} \(rehearsal.url)/admin/keys]
            regexp {"value":"([^"]*)"} $key all value
            send "X-API-KEY: $value\\r"
            expect "out of it?" { send "y\\r" } timeout { exit 96 }
            expect eof
            lassign [wait] pid spawned os status
            exit $status
            """
        let rotated = try await sandbox.run(["expect", "-c", script])
        #expect(rotated.status == 0, "\(rotated.out)")
        let current = try await sandbox.rekeep("show", "cron/live", "--field", "api_key").out
        #expect(current != rehearsal.liveKey)
        #expect(sandbox.text("cron.env").contains(current) && sandbox.text("whmcs.env").contains(current))
        #expect(try await sandbox.rekeep("drift").status == 0)
    }

    @Test func `smaller things that mislead`() async throws {
        // No time of grace, and no target.
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal, "--account", "Acme Ltd").status == 0)
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        let rotated = try await sandbox.rotateBearer("site/live", new, "--grace", "0s")
        #expect(rotated.status == 0, "\(rotated.err)")
        #expect(rotated.err.contains("warning: no target is written"))
        #expect(try await sandbox.rekeep("show", "site/live", "--json").object["account"] as? String == "Acme Ltd")
        #expect(try await sandbox.rekeep("rotate", "site/live", "--grace", "soon").status == 64)
        // A pending key is told before it is erased.
        try await rehearsal.fault(#"{"status":503}"#, provider: "bearer")
        let third = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", third).status == 69)
        let removed = try await sandbox.rekeep("remove", "site/live", "--no-input")
        #expect(removed.status == 64)
        #expect(removed.err.contains("Version 3 is pending: a new key that is nowhere else"))
    }
}
