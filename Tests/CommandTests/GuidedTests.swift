import Foundation
import Testing

/// A rotation as somebody does it at a terminal.
struct GuidedTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal

    init() async throws {
        sandbox = try await Sandbox()
        rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
    }

    /// A rotation at a terminal, confirmed, with what is then done at the question for the key.
    private func rotate(_ steps: String) async throws -> Sandbox.Outcome {
        let script = """
            set timeout 60
            spawn \(Sandbox.products)/rekeep rotate whmcs/live/domainnameapi
            expect "no way back" { send "y\\r" } timeout { exit 99 }
            expect "not shown" {} timeout { exit 98 }
            \(steps)
            expect eof
            lassign [wait] pid spawned os status
            exit $status
            """
        return try await sandbox.run(["expect", "-c", script])
    }

    private func status() async throws -> [String: Any] {
        try #require(try await sandbox.rekeep("status", "whmcs/live/*", "--json").objects.first)
    }

    @Test func `one that is interrupted at the paste is seen, and the next one goes on from it`() async throws {
        let left = try await rotate(#"send "\003""#)
        #expect(left.out.contains("when there is a new key, rekeep rotate whmcs/live/domainnameapi takes it"))
        let open = try await sandbox.rekeep("rotate", "--status", "whmcs/live", "--json").objects.first
        #expect(open?["state"] as? String == "planned")
        #expect(open?["can"] as? [String] == ["rotate", "abort"])
        #expect(try await status()["flags"] as? [String] == ["pending"])
        #expect(try await sandbox.rekeep("rotate", "--resume", "whmcs/live").err.contains("waits for its new key"))

        // The old key dies, and nobody was there to see it: the plan knows when it was last alive.
        let new = try await rehearsal.regenerate()
        let rotated = try await sandbox.rotate(new, "--json")
        #expect(rotated.status == 0, "\(rotated.err)")
        #expect((rotated.object["downtime_ms"] as? Int).map { $0 > 0 } == true)
        let steps = rotated.object["steps"] as? [[String: Any]]
        #expect(steps?.first?["name"] as? String == "planned")
        #expect(steps?.last?["state"] as? String == "open")
    }

    @Test func `a slip at the paste is asked again`() async throws {
        let new = try await rehearsal.regenerate()
        let rotated = try await rotate(
            """
            send "\\r"
            expect "is missing" {} timeout { exit 97 }
            expect "not shown" { send "\(rehearsal.liveKey)\\r" } timeout { exit 96 }
            expect "not a new key" {} timeout { exit 95 }
            expect "not shown" { send "\(new)\\r" } timeout { exit 94 }
            """)
        #expect(rotated.status == 0, "\(rotated.out)")
        #expect(!rotated.out.contains(new))
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == new)
    }

    @Test func `the end of input at the paste leaves the plan, and abort takes it back`() async throws {
        #expect(try await rotate(#"send "\004""#).status == 2)
        #expect(try await status()["rotation"] as? String == "planned")
        let aborted = try await sandbox.rekeep("rotate", "--abort", "whmcs/live", "--yes", "--json")
        #expect(aborted.status == 0, "\(aborted.err)")
        #expect(try await status()["flags"] as? [String] == [])
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(sandbox.text("whmcs.env").contains(rehearsal.liveKey))
    }

    @Test func `a plan is not forgotten once the old key has ended`() async throws {
        _ = try await rotate(#"send "\004""#)
        let new = try await rehearsal.regenerate()
        let refused = try await sandbox.rekeep("rotate", "--abort", "whmcs/live", "--yes")
        #expect(refused.status == 2)
        #expect(refused.err.contains("a new one seems to have been issued"))
        #expect(try await sandbox.rotate(new).status == 0)
    }

    @Test func `until there is a new key, the last rotation can be rolled back`() async throws {
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        try #require(await sandbox.rotateBearer("site/live", new).status == 0)
        let script = """
            set timeout 60
            spawn \(Sandbox.products)/rekeep rotate site/live/bearer
            expect "not shown" { send "\\003" } timeout { exit 98 }
            expect eof
            """
        #expect(try await sandbox.run(["expect", "-c", script]).status == 0)
        #expect(try await sandbox.rekeep("rotate", "--rollback", "site/live", "--yes").status == 0)
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == rehearsal.bearerToken)
    }

    @Test func `what has changed while the question stood is shown before it goes on`() async throws {
        let extra = sandbox.file("extra.env")
        let rotated = try await rotate(
            """
            exec \(Sandbox.products)/rekeep target add whmcs/live --path \(extra)
            set answer [exec curl -sf -d {{"account":"\(rehearsal.reseller)"}} \(rehearsal.url)/admin/keys]
            regexp {"value":"([^"]*)"} $answer all value
            send "$value\\r"
            expect "something has changed" {} timeout { exit 97 }
            expect "extra.env" {} timeout { exit 96 }
            expect "Go on with it" { send "y\\r" } timeout { exit 95 }
            """)
        #expect(rotated.status == 0, "\(rotated.out)")
        let current = try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out
        #expect(current != rehearsal.liveKey && sandbox.text("extra.env").contains(current))
    }

    @Test func `while the question stands, nobody removes the credential or re-keys the vault`() async throws {
        let rotated = try await rotate(
            """
            catch {exec \(Sandbox.products)/rekeep remove whmcs/live/domainnameapi --yes 2>@1} removed
            catch {exec env XDG_STATE_HOME=\(sandbox.file("elsewhere")) \(Sandbox.products)/rekeep rekey 2>@1} rekeyed
            puts "said: $removed $rekeyed"
            send "\\004"
            """)
        #expect(rotated.out.contains("a rotation of this credential is under way in process"))
        #expect(rotated.out.contains("a rotation is under way in process"))
        #expect(try await sandbox.rekeep("list", "--json").objects.count == 2)
    }

    @Test func `a paste outlives a full disk`() async throws {
        let shim = sandbox.file("faults.so")
        try await sandbox.build("faults.c", to: shim, "-shared", "-fPIC")
        try #require(await sandbox.run(["sh", "-c", "mkdir before && cp -a vault.db state before/"]).status == 0)
        func rotate(failingAt number: Int, _ steps: String) async throws -> Sandbox.Outcome {
            let script = """
                set timeout 60
                spawn env LD_PRELOAD=\(shim) FAULT_UNDER=\(sandbox.vault) FAULT_CALL=write FAULT_ERRNO=\(ENOSPC) \
                    FAULT_AT=\(number) FAULT_COUNT=\(sandbox.file("count")) \(Sandbox.products)/rekeep rotate whmcs/live
                expect "no way back" { send "y\\r" } timeout { exit 99 }
                expect "not shown" {} timeout { exit 98 }
                \(steps)
                expect eof
                lassign [wait] pid spawned os status
                exit $status
                """
            return try await sandbox.run(["expect", "-c", script])
        }
        let new = try await rehearsal.regenerate()
        // How often the vault is written until the question stands.
        _ = try await rotate(failingAt: 0, #"send "\004""#)
        let count = try #require(Int(sandbox.text("count").trimmingCharacters(in: .whitespacesAndNewlines)))
        try #require(await sandbox.run(["sh", "-c", "rm -rf vault.db* state && cp -a before/. ."]).status == 0)
        let rotated = try await rotate(
            failingAt: count + 1,
            """
            send "\(new)\\r"
            expect "still here. Free some space" { send "\\r" } timeout { exit 97 }
            """)
        #expect(rotated.status == 0, "\(rotated.out)")
        #expect(
            try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == new, "\(rotated.out) \(count)")
        #expect(!rotated.out.contains(new))
    }

    @Test func `a change while the question stands is shown before anything is pressed in the panel`() async throws {
        let path = sandbox.file("third.env")
        let script = """
            set timeout 60
            spawn \(Sandbox.products)/rekeep rotate whmcs/live
            expect "no way back" {} timeout { exit 99 }
            exec \(Sandbox.products)/rekeep target add wisecp/live --path \(path)
            send "y\r"
            expect "something has changed" {} timeout { exit 98 }
            expect "3 targets" {} timeout { exit 97 }
            expect "Go on?" { send "n\r" } timeout { exit 96 }
            expect eof
            lassign [wait] pid spawned os status
            exit $status
            """
        let left = try await sandbox.run(["expect", "-c", script])
        #expect(left.status == 2, "\(left.out)")
        #expect(try await sandbox.rekeep("rotate", "--status").out == "No rotation is open.\n")
    }

    @Test func `what a terminal puts round a paste does not reach the provider`() async throws {
        let new = try await rehearsal.regenerate()
        let rotated = try await rotate(#"send "\033\[200~\#(new)\033\[201~\r""#)
        #expect(rotated.status == 0, "\(rotated.out)")
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == new)
    }
}
