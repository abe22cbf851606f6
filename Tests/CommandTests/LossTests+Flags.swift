import Foundation
import Testing

/// What is flagged and what is told, so that no key that works is forgotten.
extension LossTests {
    @Test func `nothing that fits is not the same as nothing wrong`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        #expect(try await sandbox.rekeep("status", "nope/**").status == 66)
        #expect(try await sandbox.rekeep("deploy", "site/live").status == 66)
        #expect(try await sandbox.rekeep("drift", "site/live").status == 66)
        #expect(try await sandbox.rekeep("deploy").status == 0)
    }

    @Test func `a retired key stays known when its credential is removed`() async throws {
        let sandbox = try await Sandbox(waits: false)
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let new = try await rehearsal.regenerate()
        try #require(await sandbox.rotate(new).status == 0)
        try #require(await sandbox.rekeep("retire", "whmcs/live", after: "61s").status == 0)
        for address in ["whmcs/live", "wisecp/live"] {
            #expect(try await sandbox.rekeep("remove", address, "--yes").status == 0)
        }
        #expect(try await sandbox.rekeep("list", "--json").objects.isEmpty)
        for round in 1...2 {
            let old = try await sandbox.add("whmcs/live/domainnameapi", rehearsal, key: rehearsal.liveKey, "--no-check")
            #expect(old.status == 65, "\(round): \(old.err)")
            #expect(old.err.contains("was retired and is never used again"))
            #expect(try await sandbox.rekeep("rekey").status == 0)
        }
        #expect(try await sandbox.rekeep("verify").status == 0)
        // The one that lives may come back.
        #expect(try await sandbox.add("whmcs/live/domainnameapi", rehearsal, key: new).status == 0)
    }

    @Test func `a key that was set aside while it worked is flagged until it is dead`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", new).status == 0)
        let grace = try #require(try await sandbox.rekeep("status", "--json").objects.first)
        #expect(grace["rotation"] as? String == "grace")
        #expect(grace["grace_until"] is String)
        #expect(try await sandbox.rekeep("status").out.contains("(grace until "))
        let status = try await sandbox.rekeep("rotate", "--status", "site/live")
        #expect(status.out.contains("grace"))
        #expect(try await sandbox.rekeep("rotate", "--status", "nothing/live").status == 66)

        #expect(try await sandbox.rekeep("rotate", "--rollback", "site/live", "--yes").status == 0)
        #expect(try await flags(sandbox, "site/live/*").contains("old-key-alive"))
        let shown = try await sandbox.rekeep("status", "site/live/*")
        #expect(shown.err.contains("Revoke it at: "))
        try await rehearsal.panel("revoke", #"{"key":"\#(new)"}"#)
        #expect(try await sandbox.rekeep("retire", "site/live").status == 1)
        #expect(try await !flags(sandbox, "site/live/*").contains("old-key-alive"))
    }

    @Test func `an aborted key that works is flagged, one that does not is not`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        #expect(try await sandbox.rotateBearer("site/live", "fake-live-0000000000000000").status == 1)
        #expect(try await sandbox.rekeep("rotate", "--abort", "site/live", "--yes").status == 0)
        #expect(try await !flags(sandbox, "site/live/*").contains("old-key-alive"))
        let good = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        try await rehearsal.fault(#"{"status":503}"#, provider: "bearer")
        #expect(try await sandbox.rotateBearer("site/live", good).status == 69)
        try await rehearsal.fault("{}", provider: "bearer")
        #expect(try await sandbox.rekeep("rotate", "--abort", "site/live", "--yes").status == 0)
        #expect(try await flags(sandbox, "site/live/*").contains("old-key-alive"))
    }

    @Test func `what cannot begin leaves the last rotation as it is`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", new).status == 0)
        for (words, status): ([String], Int32) in [
            (["--no-input"], 64), (["--expires", "2020-01-01", "--no-input"], 65),
            (["--resume", "--json"], 0), (["--due", "--no-input"], 0),
        ] {
            #expect(try await sandbox.rekeep(["rotate", "site/live"] + words).status == status, "\(words)")
        }
        let failed = try await sandbox.rekeep("rotate", "site/live", "--no-input", "--json")
        #expect(failed.status == 64)
        #expect(failed.object["state"] is NSNull && failed.object["error"] is String)
        #expect(try await sandbox.rekeep("rotate", "--resume", "nothing/**").status == 66)
        #expect(try await sandbox.rekeep("rotate", "--resume", "nothing/live", "site/live").status == 66)
        let open = try await sandbox.rekeep("rotate", "--status", "--json").objects.first
        #expect(open?["state"] as? String == "grace")
        #expect(try await sandbox.rekeep("rotate", "--rollback", "site/live", "--yes").status == 0)
    }
}
