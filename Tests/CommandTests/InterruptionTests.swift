import Foundation
import Testing

/// Processes that die, and processes that meet.
struct InterruptionTests {
    /// strace delivers SIGKILL as the named call is about to happen: the program dies at exactly that point.
    /// - Parameter directory: only calls that touch it count.
    private func rotateKilled(
        _ sandbox: Sandbox, _ key: String, at injection: [String], in directory: String? = nil
    ) async throws -> Sandbox.Outcome {
        try sandbox.write(#"{"api_key":"\#(key)"}"#, to: "new.json")
        return try await sandbox.run(
            ["strace", "-f", "-qq", "-o", "/dev/null"] + (directory.map { ["-P", $0] } ?? [])
                + injection.flatMap { ["-e", $0] }
                + [
                    Sandbox.products + "/rekeep", "rotate", "whmcs/live/domainnameapi", "--yes", "--input",
                    sandbox.file("new.json"),
                ])
    }

    /// The file operations of a rotation in their order: journals of its transactions, drafts and renames of its targets.
    @Test(arguments: [
        ("trace=unlink", "inject=unlink:signal=KILL:when=1", "staged, its journal still there"),
        ("trace=unlink", "inject=unlink:signal=KILL:when=2", "proved"),
        ("trace=unlink", "inject=unlink:signal=KILL:when=3", "promoted"),
        ("trace=renameat", "inject=renameat:signal=KILL:when=1", "before the first target is in place"),
        ("trace=fsync", "inject=fsync:signal=KILL:when=1", "when one target is in place"),
    ])
    func `killed at any point, a rotation resumes to the end`(trace: String, injection: String, point: String)
        async throws
    {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        // A directory of its own is synced once: when its target has been renamed into it.
        let own = sandbox.file("own")
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: false)
        try #require(
            await sandbox.rekeep("target", "add", "wisecp/live", "--path", own + "/copy.env", "--preset", "wisecp")
                .status
                == 0)
        try #require(await sandbox.rekeep("deploy").status == 0)
        let new = try await rehearsal.regenerate()
        let killed = try await rotateKilled(
            sandbox, new, at: [trace, injection], in: trace == "trace=fsync" ? own : nil)
        #expect(killed.status == 137, "\(point): \(killed.err)")
        var outcome = try await sandbox.rekeep("rotate", "--resume", "whmcs/live/domainnameapi", "--json")
        if outcome.status == 66 {
            // It died before anything of the new key was durable: the paste is repeated.
            outcome = try await sandbox.rotate(new, "--json")
        }
        #expect(outcome.status == 0, "\(point): \(outcome.err)")
        #expect(try await sandbox.rekeep("check", "whmcs/live/domainnameapi").status == 0)
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == new)
        #expect(sandbox.text("whmcs.env").contains("DOMAINNAMEAPI_API_PASSWORD=\(new)\n"))
        #expect(sandbox.text("wisecp.env").contains("DOMAINNAMEAPI_PASSWORD=\(new)\n"))
        #expect(sandbox.text("own/copy.env").contains("DOMAINNAMEAPI_PASSWORD=\(new)\n"))
        #expect(try await sandbox.rekeep("drift").status == 0)
        let leftovers = try FileManager.default.contentsOfDirectory(atPath: sandbox.directory).filter {
            $0.contains(".rekeep-")
        }
        #expect(leftovers.isEmpty)
    }

    @Test func `a staged key survives a provider that is down, and is promoted when it is back`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let new = try await rehearsal.regenerate()
        try await rehearsal.fault(#"{"status":503}"#)
        #expect(try await sandbox.rotate(new).status == 69)
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == rehearsal.liveKey)
        #expect(
            (try await sandbox.rekeep("status", "--json").objects.first?["flags"] as? [String])?.contains("pending")
                == true)
        // A second rotation would push the first key aside.
        let second = try await sandbox.rotate("fake-another")
        #expect(second.status == 2)
        #expect(second.err.contains("--resume"))
        try await rehearsal.fault("{}")
        #expect(try await sandbox.rekeep("rotate", "--resume", "whmcs/live").status == 0)
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == new)
        #expect(try await sandbox.rekeep("rotate", "--abort", "whmcs/live", "--yes").status == 2)
    }

    @Test func `abort takes a pending key back as if it had never been`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        #expect(try await sandbox.rotate("fake-wrong-key").status == 1)
        #expect(try await sandbox.rekeep("rotate", "--abort", "whmcs/live", "--yes").status == 0)
        #expect(try await sandbox.rekeep("status").status == 0)
        #expect(try await sandbox.rotate(rehearsal.liveKey).status == 65)
        #expect(try await sandbox.rekeep("rotate", "--abort", "whmcs/live", "--yes").status == 66)
        #expect(try await sandbox.rekeep("check", "whmcs/live/domainnameapi").status == 0)
    }

    @Test func `a hook that fails leaves its target flagged and the others done; a resume runs it again`() async throws
    {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        #expect(
            try await sandbox.rekeep(
                "target", "add", "whmcs/live", "--path", sandbox.file("third.env"), "--hook",
                "test -e \(sandbox.file("ready"))"
            ).status == 0)
        let new = try await rehearsal.regenerate()
        let rotated = try await sandbox.rotate(new)
        #expect(rotated.status == 73)
        #expect(rotated.err.contains("the hook /usr/bin/test ended with 1"))
        for name in ["whmcs.env", "wisecp.env", "third.env"] { #expect(sandbox.text(name).contains(new), "\(name)") }
        #expect(
            (try await sandbox.rekeep("status", "--json").objects.first?["flags"] as? [String])?.contains("drift")
                == true)
        #expect(try await sandbox.rekeep("retire", "whmcs/live").status == 1)
        try sandbox.write("", to: "ready")
        // The file holds the value already; the hook still has to run.
        #expect(try await sandbox.rekeep("rotate", "--resume", "whmcs/live").status == 0)
        #expect(try await sandbox.rekeep("status").status == 0)
    }

    @Test func `a target that can't be written is found before the old key is touched`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        try FileManager.default.removeItem(atPath: sandbox.file("wisecp.env"))
        try FileManager.default.createSymbolicLink(atPath: sandbox.file("wisecp.env"), withDestinationPath: "/nowhere")
        let outcome = try await sandbox.rotate("fake-new-key")
        #expect(outcome.status == 73)
        #expect(outcome.err.contains("symbolic link") && outcome.err.contains("nothing was begun"))
        #expect(!sandbox.text("whmcs.env").contains("fake-new-key"))
    }

    @Test func `sixteen processes adding fifty credentials each: eight hundred are there`() async throws {
        let sandbox = try await Sandbox()
        let script = """
            adders=""
            for worker in $(seq 16); do
              (for number in $(seq 50); do
                printf '{"token":"fake-%s-%s","balance_path":"/"}' $worker $number |
                  "$0" add w$worker-$number/live/bearer --base-url http://127.0.0.1:9 --no-check -q --input - >/dev/null || exit 1
              done) &
              adders="$adders $!"
            done
            for adder in $adders; do wait $adder || exit 1; done
            """
        let outcome = try await sandbox.run(["sh", "-c", script, Sandbox.products + "/rekeep"])
        #expect(outcome.status == 0, "\(outcome.err)")
        let found = try await sandbox.rekeep("list", "--json").objects.compactMap { $0["address"] as? String }
        #expect(Set(found).count == 800)
    }

    @Test func `drift tells current, stale, missing, unreadable and foreign apart`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        func state() async throws -> (String?, Int32) {
            let outcome = try await sandbox.rekeep("drift", "whmcs/live", "--json")
            return (outcome.objects.first?["state"] as? String, outcome.status)
        }
        #expect(try await state() == ("current", 0))
        let old = sandbox.text("whmcs.env")
        let new = try await rehearsal.regenerate()
        #expect(try await sandbox.rotate(new).status == 0)
        try sandbox.write(old, to: "whmcs.env")
        #expect(try await state() == ("stale", 1))
        try sandbox.write(old.replacingOccurrences(of: rehearsal.liveKey, with: "fake-foreign"), to: "whmcs.env")
        #expect(try await state() == ("foreign", 1))
        try FileManager.default.removeItem(atPath: sandbox.file("whmcs.env"))
        #expect(try await state() == ("missing", 1))
        try FileManager.default.createDirectory(atPath: sandbox.file("whmcs.env"), withIntermediateDirectories: true)
        #expect(try await state() == ("unreadable", 1))
        try FileManager.default.removeItem(atPath: sandbox.file("whmcs.env"))
        let preview = try await sandbox.rekeep("deploy", "--dry-run", "--json")
        #expect((preview.objects.first?["changes"] as? [String])?.contains("DOMAINNAMEAPI_API_PASSWORD") == true)
        #expect(!preview.out.contains(new))
        #expect(sandbox.text("whmcs.env").isEmpty)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(try await state() == ("current", 0))
    }
}
