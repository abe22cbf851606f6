import CLinux
import Foundation
import Testing

/// Some containers forbid keyctl; there is nothing to test in them.
private let kernelKeepsKeys: Bool = {
    let key = linux_add_user_key("rekeep:test", "x", 1)
    if key >= 0 { linux_unlink_user_key(key) }
    return key >= 0
}()

struct SessionTests {
    private func locked() async throws -> (Sandbox, String) {
        let sandbox = try await Sandbox(opens: false)
        try sandbox.write("made-up passphrase\n", to: "passphrase")
        let made = try await sandbox.rekeep("init", "--passphrase-file", sandbox.file("passphrase"))
        try #require(made.status == 0, "\(made.err)")
        return (sandbox, sandbox.file("passphrase"))
    }

    @Test(.enabled(if: kernelKeepsKeys)) func `an unlocked vault opens without a question, a locked one does not`()
        async throws
    {
        let (sandbox, passphrase) = try await locked()
        #expect(try await sandbox.rekeep("list", "--no-input").status == 77)
        #expect(try await sandbox.rekeep("unlock", "--passphrase-file", passphrase, "--for", "10m").status == 0)
        #expect(try await sandbox.rekeep("list", "--no-input").status == 0)
        #expect(try await sandbox.rekeep("lock").out == "Locked.\n")
        #expect(try await sandbox.rekeep("list", "--no-input").status == 77)
        #expect(try await sandbox.rekeep("lock").out == "It was locked already.\n")
    }

    @Test(.enabled(if: kernelKeepsKeys)) func `a session ends by itself`() async throws {
        let (sandbox, passphrase) = try await locked()
        #expect(try await sandbox.rekeep("unlock", "--passphrase-file", passphrase, "--for", "1s").status == 0)
        var status: Int32 = 0
        for _ in 0..<5000 where status != 77 { status = try await sandbox.rekeep("list", "--no-input").status }
        #expect(status == 77)
    }

    @Test func `a wrong passphrase unlocks nothing, and no session is endless`() async throws {
        let (sandbox, passphrase) = try await locked()
        try sandbox.write("another\n", to: "wrong")
        #expect(try await sandbox.rekeep("unlock", "--passphrase-file", sandbox.file("wrong")).status == 77)
        #expect(try await sandbox.rekeep("list", "--no-input").status == 77)
        #expect(try await sandbox.rekeep("unlock", "--passphrase-file", passphrase, "--for", "25h").status == 64)
    }

    @Test func `the log tells who did what, and verify looks at everything`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let actions = try await sandbox.rekeep("log", "--json").objects.compactMap { $0["action"] as? String }
        #expect(actions == ["add", "link", "target add", "target add", "deploy"])
        #expect(try await !sandbox.rekeep("log", "--json").out.contains(rehearsal.liveKey))
        #expect(try await sandbox.rekeep("log", "--verify").out.hasPrefix("5 entries"))
        let whole = try await sandbox.rekeep("verify", "--json")
        #expect(whole.status == 0)
        #expect((whole.object["findings"] as? [String])?.isEmpty == true)
        for sql in [
            "UPDATE secret SET sealed = zeroblob(length(sealed))", "DELETE FROM address WHERE rowid = 1",
            "DELETE FROM log WHERE number = 5",
        ] { try #require(await sandbox.run(["sqlite3", sandbox.vault, sql]).status == 0) }
        let damaged = try await sandbox.rekeep("verify", "--json")
        #expect(damaged.status == 1)
        let findings = damaged.object["findings"] as? [[String: String]] ?? []
        let lines = findings.map { "\($0["class"] ?? ""): \($0["detail"] ?? "")" }.joined(separator: "\n")
        for words in ["secret: a secret value", "freshness: a record of 'address' is missing", "log: entry 5"] {
            #expect(lines.contains(words), "\(words) in \(lines)")
        }
    }
}
