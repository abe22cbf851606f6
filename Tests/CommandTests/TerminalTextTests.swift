import Foundation
import Testing

/// What comes from outside is seen, and never obeyed.
struct TerminalTextTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal

    /// What a terminal would obey: a colour, a title, a line written over, C1's own forms, directions of writing.
    private static let hostile =
        "a\u{1B}[31mb\u{1B}]0;title\u{7}c\rd\u{8}e\u{9B}2Jf\u{202E}g\u{2066}h\u{7F}i\u{2028}j\nk"

    init() async throws {
        sandbox = try await Sandbox()
        rehearsal = try await Rehearsal()
    }

    /// Everything but line feeds that stands in what was printed and should not.
    private func harmful(_ text: String) -> [String] {
        text.unicodeScalars.filter { scalar in
            scalar != "\n"
                && [.control, .lineSeparator, .paragraphSeparator, .format].contains(scalar.properties.generalCategory)
        }.map { String($0.value, radix: 16) }
    }

    private func expectClean(_ words: [String], showing: String? = nil) async throws {
        let outcome = try await sandbox.rekeep(words)
        #expect(harmful(outcome.out) == [] && harmful(outcome.err) == [], "\(words)")
        // A line feed of a stranger's would begin a line that looks like ours.
        #expect(!(outcome.out + outcome.err).contains("\nk"), "\(words)")
        if let showing {
            #expect((outcome.out + outcome.err).contains(showing), "\(words): \(outcome.out)\(outcome.err)")
        }
        if words.contains("--json"), !outcome.out.isEmpty { #expect(outcome.json != nil, "\(words)") }
    }

    @Test func `a note, a path and a hook are shown without what a terminal would obey`() async throws {
        try await sandbox.shared(rehearsal)
        #expect(try await sandbox.rekeep("edit", "whmcs/live", "--note", Self.hostile).status == 0)
        let path = sandbox.file(Self.hostile)
        let hook = sandbox.file("hook\u{1B}[2J")
        try sandbox.write("#!/bin/sh\nexit 3\n", to: "hook\u{1B}[2J")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
        let added = try await sandbox.rekeep("target", "add", "whmcs/live", "--path", path, "--hook", hook)
        #expect(added.status == 0, "\(added.err)")
        try await expectClean(["show", "whmcs/live"], showing: #"note: a\u{1B}[31mb\u{1B}]0;title\u{7}c\u{D}d"#)
        for words in [
            ["target", "list", "whmcs/live"], ["list"], ["status"], ["log"], ["deploy"], ["deploy", "--dry-run"],
            ["drift"],
            ["rotate", "whmcs/live", "--dry-run"], ["verify"], ["check", "-v"], ["show", "whmcs/live", "--reveal"],
            ["target", "remove", "whmcs/live", "--path", path + "x"], ["--vault", path, "list"],
            ["list", "--vault", path], ["list", "--identity", path], ["restore", path],
            ["providers", "validate", path],
            ["add", "x/live/domainnameapi", "--input", path], ["policy", "set", Self.hostile, "--max-age", "9d"],
            ["show", Self.hostile], ["show", "whmcs/live", "--field", Self.hostile], ["add", "a/live/b\u{1B}[2J"],
            ["env", "whmcs/live", "--preset", Self.hostile], [Self.hostile], ["list", "--color", Self.hostile],
            ["slot", "add", Self.hostile], ["exec", "whmcs/live", "--", path],
        ] {
            try await expectClean(words)
            try await expectClean(words.contains("--") ? words : words + ["--json"])
        }
        // JSON tells the very same text, escaped.
        let shown = try await sandbox.rekeep("show", "whmcs/live", "--json")
        #expect(shown.object["note"] as? String == Self.hostile)
        #expect(shown.out.contains(#"\u001b"#) && shown.out.contains(#"\u202e"#) && shown.out.contains(#"\u009b"#))
        let listed = try await sandbox.rekeep("target", "list", "whmcs/live", "--json")
        #expect(listed.objects.contains { $0["path"] as? String == path })
    }

    /// One of the user's own could have been copied from a stranger.
    private static let profile = #"""
        id: mine
        label: "La\e[31mbel\u202e\x9b"
        variable_prefix: MINE
        rotation: overlap
        max_age: 90d
        activation_window: 1s
        panel: "Pa\e]0;x\anel\nk"
        limit: { requests: 50, per: 1s, scope: key }
        fields:
          - { name: token, label: "To\e[2Jken\u2066", secret: true, role: key, variable: TOKEN }
          - { name: plain, label: "Pl\rain\nk", secret: false, role: other }
        environments: { live: "WITNESS" }
        balance:
          requests: [{ method: GET, url: "{{base_url}}/me", headers: { Authorization: "Bearer {{token}}" } }]
          outcomes:
            bad-credentials: [{ status: 401 }]
            ok: [{ status: 200, json: { pointer: /id, exists: true } }]
          identity: /id
          message: /message
          money: [{ pointer: /balance, currency_pointer: /currency }]
        """#

    @Test func `a profile's label and panel, and a provider's words, are shown without what a terminal would obey`()
        async throws
    {
        let answer =
            #"{"id":"acc\u001b[31m\u202ett","balance":"1.00","currency":"E\u001b[R","message":"no\u001b[2J\u009b1m"}"#
        let good = try await Witness(answer)
        let bad = try await Witness(answer, status: 401)
        let path = ".config/rekeep/providers/mine.yaml"
        try sandbox.write(Self.profile.replacing("WITNESS", with: good.url), to: path)
        let words = ["add", "x/live/mine", "--no-control", "--input", sandbox.file("values")]
        try sandbox.write(#"{"token":"fake-token-0123456789","plain":"p"}"#, to: "values")
        for words in [
            ["providers"], ["providers", "mine"], ["providers", "validate", sandbox.file(path)], words,
            ["check", "-v"], ["status"], ["show", "x/live"], ["rotate", "x/live", "--dry-run"], ["retire", "x/live"],
            ["rotate", "x/live", "--input", "/nowhere"],
        ] {
            try await expectClean(words)
            try await expectClean(words + ["--json"])
        }
        #expect(try await sandbox.rekeep("check", "--json").objects.first?["identity"] as? String == "acc[31mtt")
        try sandbox.write(Self.profile.replacing("WITNESS", with: bad.url), to: path)
        let refused = try await sandbox.rekeep(
            "add", "y/live/mine", "--no-control", "--input", sandbox.file("values"))
        #expect(refused.status == 1 && refused.err.contains("no[2J1m"), "\(refused.err)")
        #expect(harmful(refused.err) == [])
        try sandbox.write(#"{"token":"fake"}"#, to: "values")
        try await expectClean(words, showing: #"the Pl\u{D}ain\u{A}k is missing"#)
        // A file's name is a stranger's text too.
        try sandbox.write("id: [", to: ".config/rekeep/providers/\u{1B}[2Jx.yaml")
        try await expectClean(["providers"], showing: #"\u{1B}[2Jx.yaml is wrong"#)
    }

    /// Runs a command at a terminal of its own, answers its questions, and returns all that the terminal got.
    private func atTerminal(_ words: [String], answers: String = "") async throws -> String {
        let program = """
            import os, pty, sys
            child, terminal = pty.fork()
            if child == 0: os.execv(sys.argv[2], sys.argv[2:])
            got, lines = b"", sys.argv[1].splitlines()
            while True:
                try: data = os.read(terminal, 65536)
                except OSError: break
                if not data: break
                got += data
                if lines and data.endswith(b": "): os.write(terminal, lines.pop(0).encode() + b"\\n")
            os.waitpid(child, 0)
            sys.stdout.buffer.write(got)
            """
        let outcome = try await sandbox.run(
            ["python3", "-c", program, answers, Sandbox.products + "/rekeep"] + words)
        try #require(outcome.status == 0, "\(outcome.err)")
        // The terminal itself makes CR LF of a line feed.
        return outcome.out.replacing("\r\n", with: "\n")
    }

    @Test func `a value goes out as it is, but not to a terminal`() async throws {
        let note = "fake\u{1B}[31mvalue\u{202E}\u{9B}x"
        // A key as a provider issues it is taken as it comes; a field of one's own is cleaned before.
        let issued = try await Witness(#"{"id":"a","token":"fake\u001b[31mvalue\u202e\u009bx"}"#)
        let path = ".config/rekeep/providers/mine.yaml"
        let issue = """
            issue:
              request: { method: POST, url: "{{base_url}}/new", form: { t: "{{token}}" } }
              succeeded: [{ status: 200, json: { pointer: /token, exists: true } }]
              values: { token: /token }
            """
        let text = Self.profile.replacing("WITNESS", with: issued.url)
            .replacing(#"headers: { Authorization: "Bearer {{token}}" }"#, with: #"form: { t: "{{token}}" }"#)
            .replacing("GET", with: "POST")
        try sandbox.write(text + "\n" + issue, to: path)
        let added = try await sandbox.rekeep(
            "add", "x/live/mine", "--no-control", "--input", "-",
            input: #"{"token":"fake-token-0123456789","plain":"p"}"#)
        try #require(added.status == 0, "\(added.err)")
        let rotated = try await sandbox.rekeep("rotate", "x/live", "--auto", "--no-control", "--no-input")
        try #require(rotated.status == 0, "\(rotated.err)")
        // Exact where a program reads it, also through the quick way; spelled out where a person does.
        #expect(try await sandbox.rekeep("show", "x/live/mine", "--field", "token").out == note)
        #expect(try await sandbox.rekeep("show", "x/live/mine", "--field", "token", "--reveal").out == note)
        let shown = try await sandbox.rekeep("show", "x/live", "--reveal", "--json")
        #expect((shown.object["fields"] as? [String: Any])?["token"] as? String == note)
        #expect(harmful(shown.out) == [])
        for words in [
            ["show", "x/live", "--field", "token", "--reveal"], ["show", "x/live", "--reveal", "--color", "never"],
            ["env", "x/live", "--reveal"], ["show", "x/live", "--reveal", "--json"],
        ] {
            let seen = try await atTerminal(words)
            #expect(harmful(seen) == [], "\(words): \(seen)")
            #expect(seen.contains("fake") && seen.contains("value"), "\(words): \(seen)")
        }
    }

    @Test func `a question at the terminal holds nothing that it would obey`() async throws {
        let witness = try await Witness(#"{"id":"a"}"#)
        let text = Self.profile.replacing("WITNESS", with: witness.url)
        try sandbox.write(text, to: ".config/rekeep/providers/mine.yaml")
        let seen = try await atTerminal(
            ["add", "x/live/mine", "--no-control", "--color", "never"], answers: "fake-token-0123456789\np")
        #expect(seen.contains(#"To\u{1B}[2Jken\u{2066} (not shown): "#), "\(seen)")
        #expect(seen.contains(#"Pl\u{D}ain\u{A}k: "#))
        #expect(harmful(seen) == [], "\(seen)")
        #expect(!seen.contains("fake-token"))
    }
}
