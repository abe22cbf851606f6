import Foundation
import Testing

/// What can be seen of a rotation, tried before it, and taken back after it.
struct WayBackTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal

    init() async throws {
        sandbox = try await Sandbox()
        rehearsal = try await Rehearsal()
    }

    private func bearer() async throws {
        let added = try await sandbox.addBearer("site/live/bearer", rehearsal)
        try #require(added.status == 0, "\(added.err)")
        let path = sandbox.file("site.env")
        try #require(await sandbox.rekeep("target", "add", "site/live", "--path", path).status == 0)
        try #require(await sandbox.rekeep("deploy").status == 0)
    }

    private func open() async throws -> [String: Any] {
        try await sandbox.rekeep("rotate", "--status", "--json").objects.first ?? [:]
    }

    @Test func `a rotation is rolled back while the old key is accepted, and every target with it`() async throws {
        try await bearer()
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", new).status == 0)
        #expect(sandbox.text("site.env").contains(new))
        #expect(try await open()["can"] as? [String] == ["retire", "rollback"])
        #expect(try await sandbox.rekeep("rotate", "--rollback", "site/live").status == 64)
        let back = try await sandbox.rekeep("rotate", "--rollback", "site/live", "--yes", "--json")
        #expect(back.status == 0, "\(back.err)")
        #expect(back.object["state"] as? String == "rolled-back")
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == rehearsal.bearerToken)
        #expect(sandbox.text("site.env").contains(rehearsal.bearerToken) && !sandbox.text("site.env").contains(new))
        #expect(try await sandbox.rekeep("drift").status == 0)
        #expect(try await open().isEmpty)
        // The newer key is a previous one now, and goes like one.
        try await rehearsal.panel("revoke", #"{"key":"\#(new)"}"#)
        #expect(try await sandbox.rekeep("retire", "site/live").status == 1)
        #expect(try await sandbox.rekeep("retire", "site/live", after: "61s").status == 0)
    }

    @Test func `what a target still holds is not ended, after a rollback neither`() async throws {
        try await bearer()
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        #expect(try await sandbox.rotateBearer("site/live", new).status == 0)
        // The target cannot be written while the rotation is rolled back: it goes on holding the newer key.
        try #require(await sandbox.run(["sh", "-c", "mv site.env kept && mkdir site.env"]).status == 0)
        #expect(try await sandbox.rekeep("rotate", "--rollback", "site/live", "--yes").status == 73)
        try #require(await sandbox.run(["sh", "-c", "rmdir site.env && mv kept site.env"]).status == 0)
        let refused = try await sandbox.rekeep("retire", "site/live")
        #expect(refused.status == 1)
        #expect(refused.err.contains("still needed") && refused.err.contains("site.env"))
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(try await sandbox.rekeep("retire", "site/live").err.contains("still accepts the old key"))
    }

    @Test func `there is no way back to a dead key, nor without an answer`() async throws {
        try await sandbox.shared(rehearsal)
        let new = try await rehearsal.regenerate()
        #expect(try await sandbox.rekeep("rotate", "--rollback", "whmcs/live", "--yes").status == 66)
        #expect(try await sandbox.rotate(new).status == 0)
        let dead = try await sandbox.rekeep("rotate", "--rollback", "whmcs/live", "--yes")
        #expect(dead.status == 2)
        #expect(dead.err.contains("can't come back"))
        try await rehearsal.fault(#"{"status":503}"#)
        #expect(try await sandbox.rekeep("rotate", "--rollback", "whmcs/live", "--yes").status == 69)
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == new)
        #expect(sandbox.text("whmcs.env").contains(new))
    }

    @Test func `status shows what is open and what each can do now`() async throws {
        try await sandbox.shared(rehearsal)
        #expect(try await sandbox.rekeep("rotate", "--status").out == "No rotation is open.\n")
        let new = try await rehearsal.regenerate()
        try await rehearsal.fault(#"{"status":503}"#)
        #expect(try await sandbox.rotate(new).status == 69)
        let staged = try await open()
        #expect(staged["state"] as? String == "staged")
        #expect(staged["can"] as? [String] == ["resume", "abort"])
        #expect(try await sandbox.rekeep("rotate", "--status", "wisecp/**", "--json").objects.count == 1)
        #expect(try await sandbox.rekeep("rotate", "--status", "other/**", "--json").objects.isEmpty)
        try await rehearsal.fault("{}")
        #expect(try await sandbox.rekeep("rotate", "--resume", "whmcs/live").status == 0)
        #expect(try await open()["can"] as? [String] == ["retire", "rollback"])
    }

    @Test func `a dry run tries everything, changes nothing and asks nothing`() async throws {
        try await sandbox.shared(rehearsal)
        let before = try await sandbox.rekeep("verify", "--json").object["generation"] as? Int
        let well = try await sandbox.rekeep("rotate", "whmcs/live", "--dry-run", "--json")
        #expect(well.status == 0, "\(well.err)")
        #expect((well.object["findings"] as? [Any])?.isEmpty == true)
        #expect(well.object["old_key"] as? String == "ok")
        try FileManager.default.removeItem(atPath: sandbox.file("wisecp.env"))
        try FileManager.default.createDirectory(atPath: sandbox.file("wisecp.env"), withIntermediateDirectories: false)
        let found = try await sandbox.rekeep("rotate", "whmcs/live", "--dry-run", "--json")
        #expect(found.status == 73)
        #expect((found.object["findings"] as? [[String: Any]])?.first?["path"] as? String == sandbox.file("wisecp.env"))
        #expect(try await sandbox.rekeep("verify", "--json").object["generation"] as? Int == before)
    }

    @Test func `who has no new key yet is not asked for one while nobody could prove it`() async throws {
        try await sandbox.shared(rehearsal)
        try await rehearsal.fault(#"{"status":503}"#)
        let stopped = try await sandbox.rekeep("rotate", "whmcs/live", "--yes", "--no-input")
        #expect(stopped.status == 69)
        #expect(try await open().isEmpty)
    }

    @Test func `retire stays for the second refusal`() async throws {
        try await sandbox.shared(rehearsal)
        #expect(try await sandbox.rotate(try await rehearsal.regenerate()).status == 0)
        // A minute passes on the test's clock: rekeep finds that the first refusal was a minute ago.
        #expect(try await sandbox.rekeep("retire", "whmcs/live").status == 1)
        let retired = try await sandbox.rekeep("retire", "whmcs/live", "--wait", after: "59s")
        #expect(retired.status == 0, "\(retired.err)")
    }

    @Test func `a vault that cannot be written is found before anything is asked`() async throws {
        try await sandbox.shared(rehearsal)
        // Root may write anything, so the system says that the file system is read-only.
        let stopped = try await sandbox.run([
            "strace", "-f", "-qq", "-o", "/dev/null", "-P", sandbox.vault + "-journal", "-e",
            "inject=openat:error=EROFS", Sandbox.products + "/rekeep", "rotate", "whmcs/live", "--yes", "--no-input",
        ])
        #expect(stopped.status == 2, "\(stopped.err)")
        #expect(stopped.err.contains("nothing was changed"))
    }
}

/// Several processes that meet over one credential.
struct MeetingTests {
    @Test func `of two rotations of one credential one works, and the other says who holds it`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        // The first waits for a provider that never answers, and holds the credential meanwhile.
        try await rehearsal.fault(#"{"stalls":true}"#)
        let script = """
            "$0" rotate whmcs/live --yes --no-input >/dev/null 2>&1 & first=$!
            \(try await rehearsal.untilAsked())
            "$0" rotate wisecp/live --yes --no-input 2>err; [ $? = 75 ] || exit 8
            kill -KILL $first
            grep -q "process $first" err
            """
        let met = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
        #expect(met.status == 0, "\(sandbox.text("err"))")
        // The lock went with its holder.
        try await rehearsal.fault("{}")
        #expect(try await sandbox.rotate(try await rehearsal.regenerate()).status == 0)
    }

    @Test func `a deploy at any moment writes no key that is not current`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let staged = try await rehearsal.regenerate()
        try await rehearsal.fault(#"{"status":503}"#)
        #expect(try await sandbox.rotate(staged).status == 69)
        try FileManager.default.removeItem(atPath: sandbox.file("whmcs.env"))
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(sandbox.text("whmcs.env").contains(rehearsal.liveKey))
        try await rehearsal.fault("{}")
        #expect(try await sandbox.rekeep("rotate", "--resume", "whmcs/live").status == 0)

        // A cron job that never stops, and rotations in between.
        for _ in 0..<4 {
            let new = try await rehearsal.regenerate()
            try sandbox.write(#"{"api_key":"\#(new)"}"#, to: "new.json")
            let script = """
                (while [ ! -e stop ]; do "$0" deploy >/dev/null 2>&1; done) & cron=$!
                "$0" rotate whmcs/live --yes --input new.json >/dev/null; status=$?
                touch stop; wait $cron; rm stop; exit $status
                """
            let rotated = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
            #expect(rotated.status == 0, "\(rotated.err)")
            #expect(sandbox.text("whmcs.env").contains(new) && sandbox.text("wisecp.env").contains(new))
            #expect(try await sandbox.rekeep("drift").status == 0)
        }
    }
}

/// Many rotations in one run.
struct ManyRotationsTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal

    init() async throws {
        sandbox = try await Sandbox()
        rehearsal = try await Rehearsal()
    }

    /// - Returns: the tokens, old and new, by address.
    private func tokens(_ count: Int) async throws -> [String: (old: String, new: String)] {
        var tokens: [String: (String, String)] = [:]
        for number in 1...count {
            let address = "app\(number)/live/bearer"
            let old = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
            let added = try await sandbox.addBearer(address, rehearsal, token: old)
            try #require(added.status == 0, "\(added.err)")
            tokens[address] = (old, try await rehearsal.regenerate(account: rehearsal.bearerAccount))
        }
        return tokens
    }

    private func input(_ tokens: [String: (old: String, new: String)]) -> String {
        "{" + tokens.map { #""\#($0)":{"token":"\#($1.new)"}"# }.joined(separator: ",") + "}"
    }

    @Test func `all that is due is rotated, bound addresses together, and nothing else`() async throws {
        var tokens = try await tokens(3)
        #expect(try await sandbox.rekeep("link", "twin/live/bearer", "app1/live/bearer").status == 0)
        #expect(try await sandbox.rekeep("edit", "app3/live", "--max-age", "900d").status == 0)
        let wrong = try await sandbox.rekeep("rotate", "--due", "--input", "-", input: input(tokens), after: "80d")
        #expect(wrong.status == 65)
        #expect(wrong.err.contains("app3/live/bearer"))
        let third = tokens.removeValue(forKey: "app3/live/bearer")
        let rotated = try await sandbox.rekeep(
            "rotate", "--due", "--json", "--input", "-", input: input(tokens), after: "80d")
        #expect(rotated.status == 0, "\(rotated.err)")
        #expect(rotated.objects.compactMap { $0["state"] as? String } == ["grace", "grace"])
        for (address, token) in tokens {
            #expect(try await sandbox.rekeep("show", address, "--field", "token").out == token.new)
        }
        let twin = try await sandbox.rekeep("show", "twin/live", "--field", "token").out
        #expect(twin == tokens["app1/live/bearer"]?.new)
        #expect(try await sandbox.rekeep("show", "app3/live", "--field", "token").out == third?.old)
    }

    @Test func `a dry run of many issues, asks for and changes nothing`() async throws {
        let tokens = try await tokens(2)
        let before = try await sandbox.rekeep("verify", "--json").object["generation"] as? Int
        let tried = try await sandbox.rekeep("rotate", "app*/**", "--dry-run", "--no-input", "--yes", "--json")
        #expect(tried.status == 0, "\(tried.err)")
        #expect(tried.objects.count == 2)
        let stopped = try await sandbox.rekeep(
            "rotate", "--due", "--dry-run", "--input", "-", input: input(tokens), after: "80d")
        #expect(stopped.status == 0, "\(stopped.err)")
        #expect(try await sandbox.rekeep("verify", "--json").object["generation"] as? Int == before)
    }

    @Test func `one that fails does not keep the others, and the summary says which`() async throws {
        var tokens = try await tokens(3)
        tokens["app2/live/bearer"]?.new = "fake-live-0000000000000000"
        let rotated = try await sandbox.rekeep("rotate", "app*/**", "--json", "--input", "-", input: input(tokens))
        #expect(rotated.status == 1, "\(rotated.err)")
        #expect(rotated.objects.map { $0["state"] as? String } == ["grace", "staged", "grace"])
        #expect((rotated.objects[1]["error"] as? String)?.contains("not usable") == true)
        #expect(try await sandbox.rekeep("verify").status == 0)
    }

    @Test func `values that are missing or of the wrong form are told before or by name`() async throws {
        var tokens = try await tokens(2)
        #expect(try await sandbox.rekeep("rotate", "app*/**", "--input", "-", input: #"{"token":"x"}"#).status == 65)
        #expect(try await sandbox.rekeep("rotate", "--due", "--no-input").out == "Nothing is due.\n")
        tokens["app2/live/bearer"] = nil
        let rotated = try await sandbox.rekeep("rotate", "app*/**", "--input", "-", input: input(tokens))
        #expect(rotated.status == 64)
        #expect(rotated.err.contains("a new key of app2/live/bearer"))
        #expect(try await sandbox.rekeep("rotate", "nothing/**", "--no-input").status == 66)
    }

    @Test func `after an outage one command goes on with all of them`() async throws {
        let tokens = try await tokens(3)
        try await rehearsal.fault(#"{"status":503}"#, provider: "bearer")
        let stopped = try await sandbox.rekeep("rotate", "app*/**", "--json", "--input", "-", input: input(tokens))
        #expect(stopped.status == 69, "\(stopped.err)")
        #expect(stopped.objects.map { $0["state"] as? String } == ["staged", "staged", "staged"])
        try await rehearsal.fault("{}", provider: "bearer")
        #expect(try await sandbox.rekeep("rotate", "--resume", "app1/**", "--json").objects.count == 1)
        let resumed = try await sandbox.rekeep("rotate", "--resume", "--json")
        #expect(resumed.status == 0, "\(resumed.err)")
        #expect(resumed.objects.map { $0["state"] as? String } == ["grace", "grace"])
        #expect(try await sandbox.rekeep("rotate", "--resume").out == "Nothing is unfinished.\n")
        for (address, token) in tokens {
            #expect(try await sandbox.rekeep("show", address, "--field", "token").out == token.new)
        }
    }
}
