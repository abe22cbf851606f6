import Foundation
import Glibc
import Testing

/// What is said of a target is what is so.
struct DriftTests {
    private let sandbox: Sandbox
    private let path: String

    init() async throws {
        sandbox = try await Sandbox()
        path = sandbox.file("app.env")
        let added = try await sandbox.rekeep(
            "add", "app/live/bearer", "--base-url", "http://127.0.0.1:9", "--no-check", "--input", "-",
            input: #"{"token":"fake-token","balance_path":"/"}"#)
        try #require(added.status == 0, "\(added.err)")
    }

    private func target(_ more: String...) async throws -> Sandbox.Outcome {
        try await sandbox.rekeep(["target", "add", "app/live", "--path", path] + more)
    }

    private func drift() async throws -> (status: Int32, state: String?, differs: [String]?) {
        let outcome = try await sandbox.rekeep("drift", "--json")
        return (
            outcome.status, outcome.objects.first?["state"] as? String, outcome.objects.first?["differs"] as? [String]
        )
    }

    private func flags() async throws -> [String] {
        try await sandbox.rekeep("status", "--json").objects.first?["flags"] as? [String] ?? []
    }

    @Test(.enabled(if: geteuid() == 0)) func `another owner or mode is drift, and deploy mends what is declared`()
        async throws
    {
        #expect(try await target("--owner", "nobody", "--mode", "0640").status == 0)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(try await drift().differs == [])
        #expect(chown(path, 0, 0) == 0 && chmod(path, 0o644) == 0)
        let found = try await drift()
        #expect(found.status == 1 && found.state == "foreign" && found.differs == ["mode", "owner"])
        #expect(try await flags().contains("drift"))
        let preview = try await sandbox.rekeep("deploy", "--dry-run", "--json").objects.first
        #expect(preview?["changes"] as? [String] == ["mode", "owner"])
        #expect(try await sandbox.rekeep("deploy").out.contains("written"))
        #expect(try await !flags().contains("drift"))
        #expect(try await drift().status == 0)
    }

    @Test(.enabled(if: geteuid() == 0)) func `an owner that nobody declared is drift until somebody has looked`()
        async throws
    {
        try sandbox.write("A=1\n", to: "app.env")
        #expect(chown(path, 65534, 65534) == 0)
        #expect(try await target().status == 0)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(chown(path, 0, 65534) == 0)
        #expect(try await drift().differs == ["owner"])
        // What is not declared is never set, in neither direction.
        #expect(try await sandbox.rekeep("deploy", "--dry-run", "--json").objects.first?["changes"] as? [String] == [])
        #expect(try await sandbox.rekeep("deploy").out.contains("unchanged"))
        #expect(try await drift().status == 0)
    }

    @Test func `what a reader of the file reads otherwise is drift, and deploy mends it`() async throws {
        #expect(try await target().status == 0)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        let right = sandbox.text("app.env")
        for (wrong, said) in [
            ("BEARER_TOKEN=fake-token # mine", "systemd does not read BEARER_TOKEN"),
            ("BEARER_TOKEN = fake-token", "line 2 of \(path) cannot be followed as shell reads it"),
            ("BEARER_TOKEN=fake-token\r", "systemd does not read BEARER_TOKEN"),
        ] {
            try sandbox.write(right.replacing("BEARER_TOKEN=fake-token", with: wrong), to: "app.env")
            let outcome = try await sandbox.rekeep("drift")
            #expect(outcome.status == 1 && outcome.err.contains(said), "\(outcome.err)")
            #expect(try await sandbox.rekeep("deploy").status == 0)
            #expect(try await drift().status == 0)
            #expect(sandbox.text("app.env").contains("# mine\nBEARER_TOKEN=fake-token\n") == wrong.contains("#"))
        }
    }

    @Test func `a line with more than a value is refused when the target is added, with what to do`() async throws {
        try sandbox.write("B=1\nexport BEARER_TOKEN=old OTHER_SECRET=precious\n", to: "app.env")
        let refused = try await target()
        #expect(refused.status == 73)
        #expect(refused.err.contains("line 2 of \(path) holds something besides BEARER_TOKEN"), "\(refused.err)")
        try sandbox.write("export BEARER_TOKEN=old\n", to: "app.env")
        #expect(try await target().err.contains("--reader shell keeps the export"))
        #expect(try await target("--reader", "shell").status == 0)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(sandbox.text("app.env").hasPrefix("export BEARER_TOKEN=fake-token\n"))
        #expect(try await sandbox.rekeep("target", "list").out.contains("shell"))
        #expect(try await target("--reader", "runes").status == 66)
    }

    @Test func `what would go is told apart from what would be set`() async throws {
        #expect(try await target().status == 0)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(try await sandbox.rekeep("edit", "app/live/bearer", "--prefix", "NEW").status == 0)
        let preview = try #require(try await sandbox.rekeep("deploy", "--dry-run", "--json").objects.first)
        #expect(preview["changes"] as? [String] == ["NEW_TOKEN", "NEW_ENVIRONMENT", "NEW_BASE_URL"])
        #expect(preview["removals"] as? [String] == ["BEARER_TOKEN", "BEARER_ENVIRONMENT", "BEARER_BASE_URL"])
        #expect(try await sandbox.rekeep("deploy").status == 0)
        #expect(!sandbox.text("app.env").contains("BEARER_"))
    }

    @Test func `a panel's file is said to need somebody who hands it on`() async throws {
        let added = try await target("--preset", "whmcs")
        #expect(added.err.contains("WHMCS does not read this file") && added.err.contains("UpdateModuleConfiguration"))
        #expect(try await sandbox.rekeep("target", "remove", "app/live", "--path", path).status == 0)
        #expect(try await target().err == "")
    }

    @Test func `one value that no file can hold is told, and does not keep the others from being printed`() async throws
    {
        let added = try await sandbox.rekeep(
            "add", "app/live/bearer@two", "--base-url", "http://127.0.0.1:9", "--no-check", "--input", "-",
            input: #"{"token":"fake-a'\"$\\\\b","balance_path":"/"}"#)
        #expect(added.status == 0 && !added.err.contains("no .env file"))
        let printed = try await sandbox.rekeep("env", "app/live")
        #expect(printed.status == 65)
        #expect(printed.out.contains("BEARER_TOKEN=fake-token\n") && !printed.out.contains("BEARER_TWO_TOKEN"))
        #expect(printed.err.contains("BEARER_TWO_TOKEN has no spelling") && printed.err.contains("--reader shell"))
        let shell = try await sandbox.rekeep("env", "app/live", "--reader", "shell")
        #expect(shell.status == 0 && shell.out.contains(#"BEARER_TWO_TOKEN='fake-a'\''"$\\b'"#), "\(shell.out)")
    }

    @Test func `hints say what was wrong with the key, the copy or the profile`() async throws {
        let other = try await Sandbox()
        let foreign = try await sandbox.rekeep("list", "--identity", other.identity)
        #expect(foreign.status == 77 && foreign.err.contains("it is for the vault REKEEP-VAULT-1-"), "\(foreign.err)")
        let missing = try await sandbox.rekeep("restore", sandbox.file("nowhere"))
        #expect(missing.status == 66 && missing.err.contains("there is no copy at"))
        let sample = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Samples/mine.yaml")
        let text = try String(contentsOf: sample, encoding: .utf8)
        for (wrong, said) in [
            (text.replacing("\nlabel:", with: "\nlable:"), "label, line 1: is missing; lable is no key"),
            (text + "\nmax_gae: 1d\n", "unknown key; did you mean max_age?"), ("id: [\n", "line 2: not valid YAML"),
        ] {
            try sandbox.write(wrong, to: "mine.yaml")
            let outcome = try await sandbox.rekeep("providers", "validate", sandbox.file("mine.yaml"))
            #expect(
                outcome.status == 78 && outcome.err.contains(said) && outcome.err.contains("line "), "\(outcome.err)")
        }
    }
}
