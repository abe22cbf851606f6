import Foundation
import Testing

/// Questions at a real terminal, and what is pasted at them.
struct PromptTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal

    init() async throws {
        sandbox = try await Sandbox()
        rehearsal = try await Rehearsal()
    }

    /// Runs a command at a terminal.
    /// - Parameter steps: expect's, from the first question on.
    private func at(_ words: String, _ steps: String, env: String = "") async throws -> Sandbox.Outcome {
        let script = """
            set timeout 60
            set stty_init "rows 24 cols 80"
            \(env)
            spawn \(Sandbox.products)/rekeep \(words)
            \(steps)
            expect eof
            lassign [wait] pid spawned os status
            exit $status
            """
        return try await sandbox.run(["expect", "-c", script])
    }

    private func add(_ steps: String, _ address: String = "whmcs/live/domainnameapi") async throws -> Sandbox.Outcome {
        try await at("add \(address) --base-url \(rehearsal.liveURL)", "expect \"Reseller ID: \"\n" + steps)
    }

    /// What a terminal sends for a paste that a program once asked to be marked.
    private let marks = (#"\033\[200~"#, #"\033\[201~"#)

    @Test func `a paste of both values fills both questions, and the key does not show`() async throws {
        for paste in [
            "\(rehearsal.reseller)\\r\(rehearsal.liveKey)\\r",
            "\(marks.0)\(rehearsal.reseller)\\n\(rehearsal.liveKey)\(marks.1)\\r",
        ] {
            let added = try await add("send \"\(paste)\"\nexpect \"Stored\"")
            #expect(added.status == 0, "\(added.out)")
            #expect(added.out.contains("Reseller ID: \(rehearsal.reseller)"))
            #expect(!added.out.contains(rehearsal.liveKey) && !added.out.contains("200~"))
            #expect(
                try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == rehearsal.liveKey)
            #expect(try await sandbox.rekeep("remove", "whmcs/live", "--yes").status == 0)
        }
    }

    @Test func `what is pasted behind the last question is neither shown nor left to the shell`() async throws {
        let script = """
            set timeout 60
            spawn bash --norc
            send "PS1='ready> '\\r"
            expect "ready> "
            expect "ready> "
            send "\(Sandbox.products)/rekeep add whmcs/live/domainnameapi --base-url \(rehearsal.liveURL)\\r"
            expect "Reseller ID: "
            send "\(rehearsal.reseller)\\r\(rehearsal.liveKey)\\rfake-third-line\\r"
            expect "More than one line"
            expect "not shown"
            send "\(rehearsal.liveKey)\\r"
            expect "Stored"
            expect "ready> "
            send "echo done\\r"
            expect "done\\r"
            send "exit\\r"
            expect eof
            """
        let outcome = try await sandbox.run(["expect", "-c", script])
        #expect(outcome.out.contains("Stored whmcs/live/domainnameapi"))
        #expect(!outcome.out.contains(rehearsal.liveKey))
        #expect(!outcome.out.contains("fake-third-line"), "\(outcome.out)")
    }

    @Test func `what is pasted behind a hidden value does not show at the next question`() async throws {
        let added = try await at(
            "add cron/live/bearer --base-url http://127.0.0.1:9 --no-check",
            """
            expect "Token (not shown): " { send "fake-token\\r/fake/rest/of/it\\r" } timeout { exit 99 }
            expect "Balance path: " {} timeout { exit 98 }
            expect "JSON pointer to the balance" { send "\\r" } timeout { exit 97 }
            expect "JSON pointer to the currency" { send "\\r" } timeout { exit 96 }
            expect "JSON pointer to the account" { send "\\r" } timeout { exit 95 }
            expect "Stored" {} timeout { exit 94 }
            """)
        #expect(added.status == 0, "\(added.out)")
        #expect(!added.out.contains("/fake/rest") && !added.out.contains("fake-token"))
    }

    @Test func `a value is judged when it is typed, and asked for again`() async throws {
        let added = try await add(
            """
            send "me@example.com\\r"
            expect "e-mail" {} timeout { exit 99 }
            expect "Reseller ID: " { send "\\r" } timeout { exit 98 }
            expect "is missing" {} timeout { exit 97 }
            expect "Reseller ID: " { send "\(rehearsal.liveKey)\\r" } timeout { exit 96 }
            expect "Reseller ID: " { send "\(rehearsal.reseller)\\r" } timeout { exit 95 }
            expect "not shown" { send "\(rehearsal.reseller)\\r" } timeout { exit 94 }
            expect "not shown" { send "y\\r" } timeout { exit 93 }
            expect "not shown" { send "\(rehearsal.liveKey)\\r" } timeout { exit 92 }
            expect "Stored" {} timeout { exit 91 }
            """)
        #expect(added.status == 0, "\(added.out)")
    }

    @Test func `a refused value takes what was pasted behind it with it`() async throws {
        let added = try await add(
            """
            send "me@example.com\\rfake-key-of-the-paste\\r"
            expect "e-mail" {} timeout { exit 99 }
            expect "Reseller ID: " { send "\(rehearsal.reseller)\\r" } timeout { exit 98 }
            expect "not shown" { send "\(rehearsal.liveKey)\\r" } timeout { exit 97 }
            expect "Stored" {} timeout { exit 96 }
            """)
        #expect(added.status == 0, "\(added.out)")
        #expect(!added.out.contains("fake-key-of-the-paste"))
    }

    @Test func `an address that is taken is refused before anything is asked`() async throws {
        #expect(try await sandbox.add("whmcs/live/domainnameapi", rehearsal).status == 0)
        let refused = try await at("add whmcs/live/domainnameapi", "expect \"Reseller ID\" { exit 99 } eof {}")
        #expect(refused.out.contains("exists already"), "\(refused.out)")
    }

    @Test func `a key that is held already is offered to be linked`() async throws {
        #expect(try await sandbox.add("whmcs/live/domainnameapi", rehearsal).status == 0)
        let linked = try await add(
            """
            send "\(rehearsal.reseller)\\r\(rehearsal.liveKey)\\r"
            expect "has this key already" { send "y\\r" } timeout { exit 99 }
            expect "uses the credential of" {} timeout { exit 98 }
            """, "cron/live/domainnameapi")
        #expect(linked.status == 0, "\(linked.out)")
        let shown = try await sandbox.rekeep("show", "cron/live", "--json").object["addresses"] as? [String]
        #expect(shown == ["cron/live/domainnameapi", "whmcs/live/domainnameapi"])
    }

    @Test func `a line can be mended while it is typed, and other keys do nothing`() async throws {
        let half = rehearsal.reseller.prefix(8)
        let rest = rehearsal.reseller.dropFirst(8)
        let added = try await add(
            """
            send "wrong\\025\(half)\\033\\[A\\033OPxé\\177\\177\(rest)\\r"
            expect "not shown" { send "wrong\\025\(rehearsal.liveKey)zz\\177\\177\\r" } timeout { exit 99 }
            expect "Stored" {} timeout { exit 98 }
            """)
        #expect(added.status == 0, "\(added.out)")
    }

    @Test func `whatever ends it, the terminal shows again what is typed`() async throws {
        for (end, words) in [("\\003", "Reseller ID"), ("\\004", "ended the input")] {
            let script = """
                set timeout 60
                spawn bash --norc
                send "PS1='ready> '\\r"
                expect "ready> "
                expect "ready> "
                send "\(Sandbox.products)/rekeep add whmcs/live/domainnameapi --base-url \(rehearsal.liveURL)\\r"
                expect "Reseller ID: "
                send "\(end)"
                expect "ready> "
                send "stty -a\\r"
                expect "echoctl"
                send "exit\\r"
                expect eof
                """
            let outcome = try await sandbox.run(["expect", "-c", script])
            #expect(outcome.out.contains(" icanon ") && outcome.out.contains(" echo "), "\(outcome.out)")
            #expect(outcome.out.contains(words))
        }
    }

    @Test func `a pasted line is not taken for a yes`() async throws {
        #expect(try await sandbox.add("whmcs/live/domainnameapi", rehearsal).status == 0)
        let kept = try await at(
            "remove whmcs/live", "expect \"y/N\"\nsend \"\\r\"\nexpect \"nothing was done\" {} timeout { exit 99 }")
        #expect(kept.status == 2, "\(kept.out)")
        #expect(try await sandbox.rekeep("show", "whmcs/live").status == 0)
    }

    @Test func `a weak passphrase is told and asked again, and so is one that was mistyped`() async throws {
        let fresh = try await Sandbox(opens: false)
        let script = """
            set timeout 60
            spawn \(Sandbox.products)/rekeep init
            expect "New passphrase: " { send "short\\r" }
            expect "fewer than 10" {} timeout { exit 99 }
            expect "New passphrase: " { send "Password1234!\\r" } timeout { exit 98 }
            expect "tried first" {} timeout { exit 97 }
            expect "New passphrase: " { send "1234567890\\r" } timeout { exit 96 }
            expect "tried first" {} timeout { exit 95 }
            expect "New passphrase: " { send "made-up passphrase\\r" } timeout { exit 94 }
            expect "The same again: " { send "made-up passphrose\\r" } timeout { exit 93 }
            expect "differ" {} timeout { exit 92 }
            expect "New passphrase: " { send "made-up passphrase\\r" } timeout { exit 91 }
            expect "The same again: " { send "made-up passphrase\\r" } timeout { exit 90 }
            expect "Recovery code" {} timeout { exit 89 }
            expect eof
            lassign [wait] pid spawned os status
            exit $status
            """
        let made = try await fresh.run(["expect", "-c", script])
        #expect(made.status == 0, "\(made.out)")
        #expect(!made.out.contains("Password1234!"))
    }

    @Test func `a passphrase on standard input does not show at a terminal, and the third question tells of unlock`()
        async throws
    {
        try sandbox.write("made-up passphrase\n", to: "passphrase")
        #expect(
            try await sandbox.rekeep("slot", "add", "passphrase", "--new-passphrase-file", sandbox.file("passphrase"))
                .status == 0)
        let hidden = "set env(REKEEP_IDENTITY) \"\""
        for number in 1...3 {
            let words = number == 1 ? "list --passphrase-file -" : "list"
            let listed = try await at(
                words,
                "expect \"Passphrase or recovery code: \"\nsend \"made-up passphrase\\r\"\nexpect \"vault is empty\"",
                env: hidden)
            #expect(listed.status == 0, "\(listed.out)")
            #expect(!listed.out.contains("made-up passphrase"))
        }
        let third = try await at(
            "list",
            "expect \"Passphrase or recovery code: \"\nsend \"made-up passphrase\\r\"\nexpect \"rekeep unlock\"",
            env: hidden)
        #expect(third.out.contains("rekeep unlock"))
    }
}
