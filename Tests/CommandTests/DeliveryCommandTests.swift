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

    /// A script in the home directory that runs there.
    private func hook(_ lines: String) async throws {
        try sandbox.write("#!/bin/sh\ncd \(sandbox.directory)\n\(lines)\n", to: "hook")
        try #require(await sandbox.run(["chmod", "755", "hook"]).status == 0)
    }

    /// Four targets of two deployments, all with one hook.
    private func four() async throws {
        let linked = try await sandbox.rekeep("link", "shop/live/bearer", "site/live/bearer")
        try #require(linked.status == 0, "\(linked.err)")
        for (deployment, name) in [("site", "a"), ("site", "b"), ("shop", "c"), ("shop", "d")] {
            let added = try await sandbox.rekeep(
                "target", "add", "\(deployment)/live", "--path", name + ".env", "--hook", "./hook reload")
            try #require(added.status == 0, "\(added.err)")
        }
    }

    private func paths(_ names: String...) -> String { names.map { sandbox.file($0 + ".env") + "\n" }.joined() }

    @Test func `a hook that many targets name runs once, after the last of them, and is told which`() async throws {
        try await hook(
            """
            echo "$1 $REKEEP_DEPLOYMENT" >>runs
            echo "$REKEEP_TARGETS" | sort >>runs
            for name in a b c d; do grep -q fake-token $name.env || echo "$name is missing" >>runs; done
            env | grep -E 'REKEEP|CREDENTIALS' | sed 's/=.*//' | sort >names
            """)
        try await four()
        let deployed = try await sandbox.run(
            [Sandbox.products + "/rekeep", "deploy", "--json"],
            more: ["REKEEP_COLOUR": "fake", "CREDENTIALS_DIRECTORY": "/nowhere"])
        #expect(deployed.status == 0, "\(deployed.err)")
        #expect(deployed.objects.count == 4 && deployed.objects.allSatisfy { $0["hook"] as? Bool == true })
        #expect(sandbox.text("runs") == "reload shop/live site/live\n" + paths("a", "b", "c", "d"))
        #expect(sandbox.text("names") == "REKEEP_DEPLOYMENT\nREKEEP_TARGETS\n")
        #expect(try await sandbox.rekeep("drift").status == 0)
        // Only for what changed.
        try FileManager.default.removeItem(atPath: sandbox.file("c.env"))
        try sandbox.write("", to: "runs")
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(sandbox.text("runs") == "reload shop/live\n" + paths("c"))
    }

    @Test func `a target that fails does not keep the hook from the others`() async throws {
        try await hook("echo $REKEEP_TARGETS | tr ' ' '\\n' | sort >>runs")
        try await four()
        try FileManager.default.createDirectory(atPath: sandbox.file("b.env"), withIntermediateDirectories: false)
        let deployed = try await sandbox.rekeep("deploy", "--json")
        #expect(deployed.status == 73)
        #expect(sandbox.text("runs") == paths("a", "c", "d"))
        for report in deployed.objects {
            let isHookRun = report["hook"] as? Bool
            #expect((report["path"] as? String)?.hasSuffix("b.env") == true ? isHookRun == nil : isHookRun == true)
        }
        // Mended, only that one is left.
        try FileManager.default.removeItem(atPath: sandbox.file("b.env"))
        try sandbox.write("", to: "runs")
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(sandbox.text("runs") == paths("b"))
    }

    @Test func `a hook that died with the command, or failed, is due for each of its targets, and told of once`()
        async throws
    {
        try await hook("[ -e alive ] || { touch alive; kill -9 $PPID; exit; }\necho $REKEEP_TARGETS >>runs\nexit 3")
        try await four()
        #expect(try await sandbox.rekeep("deploy").status == 137)
        func due() async throws -> Int {
            try await sandbox.rekeep("drift", "--json").objects.count { $0["hook_due"] as? Bool == true }
        }
        #expect(try await due() == 4)
        let failed = try await sandbox.rekeep("deploy")
        #expect(failed.status == 73)
        #expect(failed.err.split(separator: "\n").count { $0.contains("ended with 3") } == 1, "\(failed.err)")
        #expect(sandbox.text("runs").split(separator: "\n").count == 1)
        #expect(try await due() == 4)
        try await hook("echo $REKEEP_TARGETS >>runs")
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(try await due() == 0)
        #expect(sandbox.text("runs").split(separator: "\n").count == 2)
    }

    @Test func `a path and a hook are stored as they are seen from everywhere`() async throws {
        try await hook("echo right >>\(sandbox.file("runs"))")
        try FileManager.default.createDirectory(atPath: sandbox.file("app"), withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: sandbox.file("current"), withDestinationPath: "app")
        for (path, hook) in [
            ("a.env", "./hook x"), ("current/../current/b.env", "true"), ("./current/c.env", "current/../hook"),
        ] {
            let added = try await sandbox.rekeep("target", "add", "site/live", "--path", path, "--hook", hook)
            #expect(added.status == 0, "\(added.err)")
        }
        let targets = try await sandbox.rekeep("target", "list", "site/live", "--json").objects
        #expect(
            targets.map { $0["path"] as? String } == ["a.env", "app/b.env", "app/c.env"].map { sandbox.file($0) })
        #expect(
            targets.map { $0["hook"] as? [String] } == [
                [sandbox.file("hook"), "x"], ["/usr/bin/true"], [sandbox.file("hook")],
            ])
        // Somebody waits in the directory that the deployer happens to be in.
        try FileManager.default.createDirectory(atPath: sandbox.file("trap"), withIntermediateDirectories: false)
        let script = """
            cd trap
            for name in hook true; do printf '#!/bin/sh\\necho wrong >>\(sandbox.file("runs"))\\n' >$name; chmod 755 $name; done
            PATH=.:$PATH "$0" deploy
            """
        let deployed = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
        #expect(deployed.status == 0, "\(deployed.err)")
        #expect(sandbox.text("runs") == "right\nright\n")
        let nowhere = try await sandbox.rekeep("target", "add", "site/live", "--path", "nowhere/d.env")
        #expect(nowhere.status == 73)
        #expect(nowhere.err.contains(sandbox.file("nowhere/d.env") + ": open failed"), "\(nowhere.err)")
        let removed = try await sandbox.rekeep("target", "remove", "site/live", "--path", "current/b.env")
        #expect(removed.status == 0, "\(removed.err)")
    }

    @Test func `a hook that others can write is refused when it is added and when it is to run`() async throws {
        try await hook("touch ran")
        func mode(_ mode: String) async throws {
            try #require(await sandbox.run(["chmod", mode, "hook"]).status == 0)
        }
        try await mode("775")
        let refused = try await sandbox.rekeep("target", "add", "site/live", "--path", "a.env", "--hook", "./hook")
        #expect(refused.status == 73)
        #expect(refused.err.contains("\(sandbox.file("hook")) has mode 0775"), "\(refused.err)")
        try await mode("755")
        try await target("a.env", "--hook", "./hook")
        try await mode("757")
        let deployed = try await sandbox.rekeep("deploy")
        #expect(deployed.status == 73 && deployed.err.contains("has mode 0757"), "\(deployed.err)")
        #expect(!FileManager.default.fileExists(atPath: sandbox.file("ran")))
        try await mode("755")
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(FileManager.default.fileExists(atPath: sandbox.file("ran")))
    }

    @Test func `a hook runs when its file is free again`() async throws {
        try sandbox.write(
            "#!/bin/sh\ncd \(sandbox.directory)\nfor lock in state/rekeep/deliver-*.lock; do flock -n $lock true || touch held; done; touch ran\n",
            to: "hook")
        try #require(await sandbox.run(["chmod", "+x", "hook"]).status == 0)
        try await target("site.env", "--hook", sandbox.file("hook"))
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(FileManager.default.fileExists(atPath: sandbox.file("ran")))
        #expect(!FileManager.default.fileExists(atPath: sandbox.file("held")))
    }

    @Test(arguments: [
        "echo $$ >hook.pid\nsleep 600", "trap '' TERM\necho $$ >hook.pid\nwhile :; do sleep 1; done",
        "(trap '' TERM\nsh -c 'echo $$ >hook.pid; while :; do sleep 1; done') & wait",
    ])
    func `hooks end with the command that a signal ends`(how: String) async throws {
        try await hook(how)
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
