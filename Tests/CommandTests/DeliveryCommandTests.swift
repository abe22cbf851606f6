import Foundation
import Testing

/// Many targets at once, and what is left of them when the command ends early.
struct DeliveryCommandTests {
    private let sandbox: Sandbox

    init() async throws {
        sandbox = try await Sandbox()
        let added = try await sandbox.rekeep(
            "add", "site/live/bearer", "--base-url", "http://127.0.0.1:9", "--no-check", "--input", "-",
            input: #"{"token":"fake-token","balance_path":"/"}"#)
        try #require(added.status == 0, "\(added.err)")
    }

    private func target(_ name: String, _ more: String...) async throws {
        let outcome = try await sandbox.rekeep(["target", "add", "site/live", "--path", sandbox.file(name)] + more)
        try #require(outcome.status == 0, "\(outcome.err)")
    }

    @Test func `a target that takes long does not keep the others waiting`() async throws {
        for number in 1...3 { try await target("\(number).env") }
        // Each rename takes a second; strace marks a call during which another thread does something.
        let traced = try await sandbox.run([
            "strace", "-f", "-qq", "-o", sandbox.file("trace"), "-e", "trace=renameat", "-e",
            "inject=renameat:delay_enter=1000000", Sandbox.products + "/rekeep", "deploy",
        ])
        #expect(traced.status == 0, "\(traced.err)")
        let lines = sandbox.text("trace").split(separator: "\n")
        let last = try #require(lines.lastIndex { $0.contains("renameat(") })
        let firstEnd = try #require(lines.firstIndex { $0.contains("= 0") })
        #expect(last < firstEnd, "\(lines)")
        for number in 1...3 { #expect(sandbox.text("\(number).env").contains("fake-token")) }
    }

    @Test func `two targets of one file are written one after the other`() async throws {
        let added = try await sandbox.rekeep(
            "add", "shop/live/bearer@z", "--base-url", "http://127.0.0.1:9", "--no-check", "--input", "-",
            input: #"{"token":"fake-token-z","balance_path":"/"}"#)
        try #require(added.status == 0, "\(added.err)")
        try await target("same.env")
        try await target("other.env")
        try #require(
            await sandbox.rekeep("target", "add", "shop/live", "--path", sandbox.file("same.env")).status == 0)
        let deployed = try await sandbox.rekeep("deploy", "--json")
        #expect(deployed.status == 0, "\(deployed.err)")
        #expect(deployed.objects.count == 3)
        #expect(try await sandbox.rekeep("drift").status == 0)
        #expect(
            sandbox.text("same.env").contains("fake-token\n") && sandbox.text("same.env").contains("fake-token-z\n"))
    }

    @Test func `a hook runs when its file is free again`() async throws {
        try sandbox.write(
            "#!/bin/sh\nfor lock in state/rekeep/deliver-*.lock; do flock -n $lock true || touch held; done; touch ran\n",
            to: "hook")
        try #require(await sandbox.run(["chmod", "+x", "hook"]).status == 0)
        try await target("site.env", "--hook", sandbox.file("hook"))
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(FileManager.default.fileExists(atPath: sandbox.file("ran")))
        #expect(!FileManager.default.fileExists(atPath: sandbox.file("held")))
    }

    @Test func `hooks end with the command that a signal ends`() async throws {
        try sandbox.write("#!/bin/sh\necho $$ >hook.pid\nsleep 600\n", to: "hook")
        try #require(await sandbox.run(["chmod", "+x", "hook"]).status == 0)
        try await target("site.env", "--hook", sandbox.file("hook"))
        let script = """
            "$0" deploy 2>/dev/null &
            command=$!
            while ! [ -s hook.pid ]; do kill -0 $command || exit 9; sleep 0.05; done
            kill -TERM $command
            wait $command
            [ $? -eq 143 ] || exit 8
            # Where nobody reaps orphans they stay as zombies.
            for try in $(seq 400); do
              grep -q '^State:.[^Z]' /proc/$(cat hook.pid)/status 2>/dev/null || exit 0
              sleep 0.05
            done
            exit 7
            """
        let outcome = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
        #expect(outcome.status == 0, "\(outcome.err)")
        // It was not run to its end, so it is still due.
        #expect(try await sandbox.rekeep("drift", "--json").out.contains("hook"))
    }
}
