import Foundation
import Testing

/// Ways in which a key, an address or a file could be lost without anybody noticing.
struct LossTests {
    func flags(_ sandbox: Sandbox, _ pattern: String) async throws -> [String] {
        try await sandbox.rekeep("status", pattern, "--json").objects.first?["flags"] as? [String] ?? []
    }

    @Test func `a rotation goes on when nobody listens to stderr`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let new = try await rehearsal.regenerate()
        try sandbox.write(#"{"api_key":"\#(new)"}"#, to: "new.json")
        let rotated = try await sandbox.run([
            "sh", "-c", "\"$0\" rotate whmcs/live --yes --input new.json 2>&-", Sandbox.products + "/rekeep",
        ])
        #expect(rotated.status == 0)
        #expect(sandbox.text("whmcs.env").contains(new))
        let missing = try await sandbox.run([
            "sh", "-c", "\"$0\" show no/such/thing --field x 2>/dev/full", Sandbox.products + "/rekeep",
        ])
        #expect(missing.status == 66)
    }

    @Test func `an abort that would erase the only working key is refused`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let new = try await rehearsal.regenerate()
        try await rehearsal.fault(#"{"status":503}"#)
        #expect(try await sandbox.rotate(new).status == 69)
        // While nobody can tell, and when the new key turns out to be the good one.
        #expect(try await sandbox.rekeep("rotate", "--abort", "whmcs/live", "--yes").status == 69)
        try await rehearsal.fault("{}")
        let refused = try await sandbox.rekeep("rotate", "--abort", "whmcs/live", "--yes")
        #expect(refused.status == 2)
        #expect(refused.err.contains("would lose the only key"))
        #expect(try await sandbox.rekeep("rotate", "--resume", "whmcs/live").status == 0)
    }

    @Test func `an aborted key is put aside, not erased, and may come back`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let new = try await rehearsal.regenerate()
        try await rehearsal.fault(#"{"status":401}"#)
        #expect(try await sandbox.rotate(new).status == 1)
        // Everything is refused at this moment, the new key too, which may yet turn out to be the good one.
        #expect(try await sandbox.rekeep("rotate", "--abort", "whmcs/live", "--yes").status == 0)
        let versions = try await sandbox.rekeep("show", "whmcs/live", "--json").object["versions"] as? [[String: Any]]
        #expect(versions?.compactMap { $0["state"] as? String } == ["current", "previous"])
        try await rehearsal.fault("{}")
        #expect(try await sandbox.rotate(new).status == 0)
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == new)
        #expect(sandbox.text("whmcs.env").contains(new))
        // The vault still knows whose key it is.
        let elsewhere = try await sandbox.add("whmcs/test/domainnameapi", rehearsal, key: new, url: rehearsal.testURL)
        #expect(elsewhere.status == 65)
        #expect(elsewhere.err.contains("this is the key of whmcs/live/domainnameapi"))
    }

    @Test func `a key of another account does not stand in the way of the right one`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        let added = try await sandbox.addBearer(
            "site/live/bearer", rehearsal, pointers: ["identity_pointer": "/account/id"])
        try #require(added.status == 0)
        let other = try #require(try await rehearsal.panel("accounts", #"{"provider":"bearer"}"#)["id"] as? String)
        let foreign = try await rehearsal.regenerate(account: other)
        try await rehearsal.panel("revoke", #"{"key":"\#(rehearsal.bearerToken)"}"#)
        #expect(try await sandbox.rotateBearer("site/live", foreign).status == 1)
        #expect(try await sandbox.rekeep("rotate", "--abort", "site/live", "--yes").status == 0)
        let right = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", right).status == 0)
    }

    @Test func `a rotation that fails before it begins leaves the last one's flags`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        #expect(
            try await sandbox.rotateBearer("site/live", rehearsal.regenerate(account: rehearsal.bearerAccount)).status
                == 0)
        #expect(try await sandbox.rotateBearer("site/live", " ").status == 65)
        let later = try await sandbox.rekeep("status", "--json", after: "2d").objects.first?["flags"] as? [String]
        #expect(later?.contains("old-key-alive") == true)
    }

    @Test func `one file under two names is one file`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        try #require(await sandbox.addBearer("shop/live/bearer@z", rehearsal).status == 0)
        try #require(await sandbox.run(["sh", "-c", "mkdir real && ln -s real link"]).status == 0)
        #expect(
            try await sandbox.rekeep("target", "add", "site/live", "--path", sandbox.file("real/x.env")).status == 0)
        #expect(
            try await sandbox.rekeep("target", "add", "shop/live", "--path", sandbox.file("link/x.env")).status == 0)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        // Their names differ; a rename that makes them meet is refused, and nothing of the other's goes.
        #expect(try await sandbox.rekeep("rename", "shop/live", "shop/live/bearer").status == 65)
        #expect(try await sandbox.rekeep("edit", "shop/live", "--prefix", "SHOP").status == 0)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(try await sandbox.rekeep("drift").status == 0)
        #expect(
            sandbox.text("real/x.env").contains("\nBEARER_TOKEN=")
                && !sandbox.text("real/x.env").contains("BEARER_Z_TOKEN"))
    }

    @Test func `twelve links at once are twelve addresses`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let script = """
            linkers=""
            for number in $(seq 12); do "$0" link app$number/live/bearer site/live -q >/dev/null & linkers="$linkers $!"; done
            for linker in $linkers; do wait $linker || exit 1; done
            """
        #expect(try await sandbox.run(["sh", "-c", script, Sandbox.products + "/rekeep"]).status == 0)
        #expect(try await sandbox.rekeep("list", "--json").objects.count == 13)
    }

    @Test func `a provider that refuses everybody does not retire a living key`() async throws {
        let sandbox = try await Sandbox(waits: false)
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        #expect(
            try await sandbox.rotateBearer("site/live", rehearsal.regenerate(account: rehearsal.bearerAccount)).status
                == 0)
        try await rehearsal.fault(#"{"status":401}"#, provider: "bearer")
        #expect(try await sandbox.rekeep("retire", "site/live").status == 69)
        #expect(try await sandbox.rekeep("retire", "site/live", after: "61s").status == 69)
        try await rehearsal.fault("{}", provider: "bearer")
        #expect(try await sandbox.rekeep("retire", "site/live", after: "122s").status == 1)
    }

    @Test func `a key can be replaced again within the grace of the last, and retire takes both old ones`() async throws
    {
        let sandbox = try await Sandbox(waits: false)
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let second = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", second).status == 0)
        let third = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", third).status == 0)
        for token in [rehearsal.bearerToken, second] {
            try await rehearsal.panel("revoke", #"{"key":"\#(token)"}"#)
        }
        #expect(try await sandbox.rekeep("retire", "site/live").status == 1)
        let retired = try await sandbox.rekeep("retire", "site/live", "--json", after: "61s")
        #expect(retired.objects.compactMap { $0["version"] as? Int } == [1, 2])
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == third)
    }

    @Test func `a new prefix is drift until it is delivered, and takes the old variable out`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        try sandbox.write("APP=1\n", to: "site.env")
        #expect(try await sandbox.rekeep("target", "add", "site/live", "--path", sandbox.file("site.env")).status == 0)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(try await sandbox.rekeep("edit", "site/live", "--prefix", "ACME").status == 0)
        #expect(try await flags(sandbox, "site/**").contains("drift"))
        #expect(try await sandbox.rekeep("drift").status == 1)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(
            sandbox.text("site.env")
                == "APP=1\nACME_TOKEN=\(rehearsal.bearerToken)\nACME_ENVIRONMENT=live\nACME_BASE_URL=\(rehearsal.url)/bearer/live\n"
        )
        #expect(try await sandbox.rekeep("drift").status == 0)
    }

    @Test func `a target whose deployment lost its credential is not well`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        #expect(try await sandbox.rekeep("target", "add", "site/live", "--path", sandbox.file("site.env")).status == 0)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        let renamed = try await sandbox.rekeep("rename", "site/live", "shop/live/bearer")
        #expect(renamed.err.contains("site.env still holds its values"))
        let drift = try await sandbox.rekeep("drift", "site/live", "--json")
        #expect(drift.status == 1 && drift.objects.first?["state"] as? String == "foreign")
        #expect(try await sandbox.rekeep("deploy", "site/live").status == 73)
    }

    @Test func `two deployments never write one variable to one file`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        #expect(
            try await sandbox.add("whmcs/test/domainnameapi", rehearsal, key: rehearsal.testKey, url: rehearsal.testURL)
                .status == 0)
        let path = sandbox.file("whmcs.env")
        let same = try await sandbox.rekeep("target", "add", "whmcs/test", "--path", path, "--preset", "whmcs")
        #expect(same.status == 65)
        #expect(same.err.contains("DOMAINNAMEAPI_API_USERNAME"))
        // In whatever spelling.
        for spelling in [sandbox.directory + "/./whmcs.env", "whmcs.env"] {
            let trick = try await sandbox.rekeep(
                "target", "add", "whmcs/test", "--path", spelling, "--preset", "whmcs")
            #expect(trick.status == 65, "\(spelling)")
        }
    }

    @Test func `an edit waits for a pending key to be settled`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        try await rehearsal.fault(#"{"status":503}"#, provider: "bearer")
        #expect(try await sandbox.rotateBearer("site/live", new).status == 69)
        #expect(try await sandbox.rekeep("edit", "site/live", "--note", "x").status == 2)
        try await rehearsal.fault("{}", provider: "bearer")
        #expect(try await sandbox.rekeep("rotate", "--resume", "site/live").status == 0)
        #expect(try await sandbox.rekeep("edit", "site/live", "--note", "x").status == 0)
    }

    @Test func `a key for this machine never goes through a proxy`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let checked = try await sandbox.run(
            [Sandbox.products + "/rekeep", "check"],
            more: ["HTTPS_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"])
        #expect(checked.status == 0, "\(checked.out)")
    }

    @Test func `what the command line names opens the vault before what the environment names`() async throws {
        let sandbox = try await Sandbox()
        try sandbox.write("made-up passphrase\n", to: "passphrase")
        let other = sandbox.file("other.db")
        #expect(
            try await sandbox.rekeep("init", "--vault", other, "--passphrase-file", sandbox.file("passphrase")).status
                == 0)
        #expect(
            try await sandbox.rekeep("list", "--vault", other, "--passphrase-file", sandbox.file("passphrase")).status
                == 0)
        #expect(try await sandbox.rekeep("list", "--vault", other, "--no-input").status == 77)
    }

    @Test func `a vault in a linked directory opens, a link in its own place does not`() async throws {
        let sandbox = try await Sandbox()
        try FileManager.default.createSymbolicLink(atPath: sandbox.file("dir"), withDestinationPath: sandbox.directory)
        try FileManager.default.createSymbolicLink(atPath: sandbox.file("link.db"), withDestinationPath: sandbox.vault)
        #expect(try await sandbox.rekeep("list", "--vault", sandbox.file("dir/vault.db")).status == 0)
        #expect(try await sandbox.rekeep("list", "--vault", sandbox.file("link.db")).status == 76)
    }
}
