import Foundation
import Testing

/// What it takes for a key to count as proved.
struct ProofTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal

    init() async throws {
        sandbox = try await Sandbox(waits: false)
        rehearsal = try await Rehearsal()
    }

    private func requests() async throws -> Int {
        try #require(try await rehearsal.panel("state", "{}")["requests"] as? Int)
    }

    private func change(_ profile: String, _ old: String, _ new: String) throws {
        let path = ".config/rekeep/providers/\(profile).yaml"
        let text = sandbox.text(path)
        try #require(text.contains(old))
        try sandbox.write(text.replacing(old, with: new), to: path)
    }

    @Test func `an endpoint that accepts anything validates nothing`() async throws {
        try await rehearsal.fault(#"{"accepts_anything":true}"#, provider: "bearer")
        let added = try await sandbox.addBearer("site/live/bearer", rehearsal)
        #expect(added.status == 69)
        #expect(added.err.contains("can't validate"))
        #expect(try await sandbox.rekeep("list", "--json").objects.isEmpty)
        #expect(try await sandbox.addBearer("site/live/bearer", rehearsal, "--no-control").status == 0)

        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", new).status == 69)
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == rehearsal.bearerToken)
        // Nothing is lost: with an honest endpoint it goes on.
        try await rehearsal.fault("{}", provider: "bearer")
        #expect(try await sandbox.rekeep("rotate", "--resume", "site/live").status == 0)
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == new)
    }

    @Test func `the control is made once for a host, and not where the profile forbids it`() async throws {
        #expect(try await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        #expect(try await requests() == 2)
        let second = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.addBearer("shop/live/bearer", rehearsal, token: second).status == 0)
        #expect(try await requests() == 3)
        try change("domainnameapi", "rotation: cutover", "rotation: cutover\ncontrol: false")
        #expect(try await sandbox.add("whmcs/live/domainnameapi", rehearsal).status == 0)
        #expect(try await requests() == 4)
    }

    @Test func `the control of one endpoint says nothing of another`() async throws {
        #expect(try await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        // The same host, and a path that looks at no key.
        let other = try await sandbox.rekeep(
            "add", "open/live/bearer", "--base-url", rehearsal.url + "/admin", "--input", "-",
            input: #"{"token":"fake-nonsense","balance_path":"/state"}"#)
        #expect(other.status == 69, "\(other.err)")
        #expect(other.err.contains("can't validate"))
    }

    @Test func `a fresh key that is not live yet is given its time`() async throws {
        try change("bearer", "activation_window: 1s", "activation_window: 60s")
        #expect(try await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        try sandbox.write(#"{"token":"\#(new)"}"#, to: "new.json")
        // It becomes live as soon as it has been refused once.
        try await rehearsal.fault(#"{"status":401}"#, provider: "bearer")
        let script = """
            "$0" rotate site/live --input new.json >/dev/null 2>err & rotation=$!
            until grep -q 'it may not be live yet' err; do kill -0 $rotation || exit 9; sleep 0.05; done
            curl -sf -d '{"provider":"bearer","environment":"live","fault":{}}' \(rehearsal.url)/admin/faults >/dev/null
            wait $rotation
            """
        let rotated = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
        #expect(rotated.status == 0, "\(rotated.err)\(sandbox.text("err"))")
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == new)
    }

    @Test func `outside its window a refused key is tried once`() async throws {
        #expect(try await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        #expect(try await sandbox.rotateBearer("site/live", "fake-live-0000000000000000").status == 1)
        let before = try await requests()
        #expect(try await sandbox.rekeep("rotate", "--resume", "site/live", after: "10s").status == 1)
        // The new one and the old one.
        #expect(try await requests() == before + 2)
    }

    @Test func `an answer that is none is asked for again, twice`() async throws {
        #expect(try await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        try await rehearsal.fault(#"{"status":503}"#, provider: "bearer")
        let before = try await requests()
        #expect(try await sandbox.rotateBearer("site/live", new).status == 69)
        // The old one before anything is staged, then both, three times.
        #expect(try await requests() == before + 1 + 6)
    }

    @Test func `two living keys that show different money are a question`() async throws {
        #expect(try await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        #expect(
            try await sandbox.addBearer(
                "euro/live/bearer", rehearsal,
                pointers: ["balance_pointer": "/account/balance", "currency_pointer": "/account/currency"]
            ).status == 0)
        let other = try await rehearsal.panel("accounts", #"{"provider":"bearer","currency":"EUR"}"#)
        let foreign = try await rehearsal.regenerate(account: try #require(other["id"] as? String))
        let rotated = try await sandbox.rotateBearer("euro/live", foreign)
        #expect(rotated.status == 65, "\(rotated.err)")
        #expect(rotated.err.contains("show different balances: 100.00 USD and 100.00 EUR"))
        #expect(try await sandbox.rekeep("show", "euro/live", "--field", "token").out == rehearsal.bearerToken)
        #expect(try await sandbox.rekeep("rotate", "--resume", "euro/live", "--other-account").status == 0)
        #expect(try await sandbox.rekeep("show", "euro/live", "--field", "token").out == foreign)
    }

    @Test func `an endpoint that accepts anything by now is found out`() async throws {
        // Overlap: what was seen a day ago does not count.
        #expect(try await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        try await rehearsal.fault(#"{"accepts_anything":true}"#, provider: "bearer")
        let stale = try await sandbox.rekeep(
            "rotate", "site/live", "--input", "-", input: #"{"token":"fake-live-0000000000000000"}"#, after: "25h")
        #expect(stale.status == 69, "\(stale.err)")
        #expect(stale.err.contains("can't validate"))
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == rehearsal.bearerToken)

        // Cutover: the old key, which should be dead, is accepted too.
        #expect(try await sandbox.add("whmcs/live/domainnameapi", rehearsal).status == 0)
        try await rehearsal.fault(#"{"accepts_anything":true}"#)
        let lying = try await sandbox.rotate("fake-live-0000000000000000", "--json")
        #expect(lying.status == 69, "\(lying.err)")
        #expect(lying.object["state"] as? String == "staged")
        #expect((lying.object["error"] as? String)?.contains("can't validate") == true)
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == rehearsal.liveKey)
    }
}
