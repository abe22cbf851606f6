import Foundation
import Testing

/// What leaves the process, and what the courier gets to see.
struct ConfinementTests {
    @Test func `rekeep itself opens no network socket, whatever it is asked`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let new = try await rehearsal.regenerate()
        try sandbox.write(#"{"api_key":"\#(new)"}"#, to: "new.json")
        try sandbox.write(#"{"reseller_id":"\#(rehearsal.reseller)","api_key":"fake-second"}"#, to: "second.json")
        let trace = sandbox.file("trace")
        for command in [
            "add second/live/domainnameapi --no-check --input \(sandbox.file("second.json"))",
            "link third/live/domainnameapi second/live",
            "list", "show whmcs/live", "edit second/live --note x", "rename third/live fourth/live/domainnameapi",
            "remove fourth/live", "check whmcs/live/domainnameapi",
            "rotate whmcs/live --yes --input \(sandbox.file("new.json"))",
            "retire whmcs/live", "status", "policy set **/live/* --max-age 9d", "policy list", "env whmcs/live",
            "exec whmcs/live -- true",
            "target list whmcs/live", "deploy", "drift", "providers",
            "init --vault \(sandbox.file("other.db")) --identity-out \(sandbox.file("other.id"))",
        ] {
            let outcome = try await sandbox.run(
                ["strace", "-f", "-qq", "-e", "trace=socket,execve", "-o", trace, Sandbox.products + "/rekeep"]
                    + command.split(separator: " ").map(String.init))
            #expect([0, 1].contains(outcome.status), "\(command): \(outcome.err)")
            // A process is the courier from its execve on; everything before and beside is rekeep.
            var couriers: Set<Substring> = []
            for line in sandbox.text("trace").split(separator: "\n") {
                let process = line.prefix { $0 != " " }
                if line.contains("execve(") && line.contains("rekeep-courier") { couriers.insert(process) }
                if line.contains("socket(") && !line.contains("AF_UNIX") && couriers.isEmpty {
                    Issue.record("\(command): \(line)")
                }
            }
        }
    }

    @Test func `the courier is told no vault, inherits no descriptor and no variable`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let outcome = try await sandbox.run([
            "strace", "-f", "-qq", "-v", "-s", "4096", "-e", "trace=execve,openat,close_range", "-o",
            sandbox.file("trace"),
            Sandbox.products + "/rekeep", "check", "whmcs/live/domainnameapi",
        ])
        #expect(outcome.status == 0)
        let lines = sandbox.text("trace").split(separator: "\n")
        let start = try #require(lines.firstIndex { $0.contains("execve(") && $0.contains("rekeep-courier") })
        let process = lines[start].prefix { $0 != " " }
        #expect(lines[start].contains("[\"rekeep-courier") || lines[start].contains("\"--profiles\""))
        #expect(
            !lines[start].contains("vault.db") && !lines[start].contains("REKEEP") && !lines[start].contains("HOME="))
        #expect(!lines[start].contains(rehearsal.liveKey))
        for line in lines[start...] where line.hasPrefix(process) && line.contains("openat(") {
            #expect(!line.contains("vault.db") && !line.contains("identity"), "\(line)")
        }
    }

    /// The Swift runtime's own crash report prints the memory behind the registers.
    @Test func `a crash prints nothing of the memory`() async throws {
        let sandbox = try await Sandbox()
        try FileManager.default.createDirectory(atPath: sandbox.file("flips"), withIntermediateDirectories: false)
        func crashing(_ words: [String]) async throws -> Sandbox.Outcome {
            try await sandbox.run(
                [
                    "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fcntl", "-e",
                    "inject=fcntl:signal=SEGV:when=1",
                ]
                    + words, more: ["SWIFT_BACKTRACE": "enable=yes,color=no"])
        }
        let outcome = try await crashing([Sandbox.products + "/rekeep", "list"])
        #expect(outcome.status == 128 + SIGSEGV)
        #expect(outcome.err.isEmpty && outcome.out.isEmpty, "\(outcome.err.prefix(200))")
        // A program that does not raise the guard shows what would be printed.
        let other = try await crashing([
            Sandbox.products + "/bit-flips", sandbox.vault, sandbox.identity, sandbox.file("flips"), "0", "999999",
        ])
        #expect(other.err.contains("crash"), "\(other.err.prefix(200))")
    }

    /// What somebody with an editor does to the file, the class that names it, and the exit status that scripts see.
    @Test(arguments: [
        ("a deleted row", "DELETE FROM address WHERE rowid = 1", "freshness"),
        ("a deleted secret", "DELETE FROM secret", "freshness"),
        (
            "a duplicated row",
            "CREATE TABLE c AS SELECT * FROM credential; INSERT INTO c SELECT * FROM credential; DROP TABLE credential; ALTER TABLE c RENAME TO credential",
            "freshness"
        ),
        (
            "a row from an older copy",
            "ATTACH 'older.db' AS o; UPDATE credential SET (revision, sealed) = (SELECT revision, sealed FROM o.credential)",
            "freshness"
        ),
        (
            "two vaults spliced",
            "ATTACH 'other.db' AS o; UPDATE address SET (revision, sealed) = (SELECT revision, sealed FROM o.address)",
            "record"
        ),
        ("a truncated log", "DELETE FROM log WHERE number = (SELECT max(number) FROM log)", "log"),
        (
            "a reordered log",
            "UPDATE log SET number = -1 WHERE number = 1; UPDATE log SET number = 1 WHERE number = 2; UPDATE log SET number = 2 WHERE number = -1",
            "log"
        ),
        (
            "a changed header",
            "UPDATE vault SET header = CAST(substr(header,1,40) || x'00' || substr(header,42) AS BLOB)", "header"
        ),
        (
            "swapped slots",
            "UPDATE slot SET number = -1 WHERE number = 1; UPDATE slot SET number = 1 WHERE number = 2; UPDATE slot SET number = 2 WHERE number = -1",
            "slot"
        ),
        (
            "a slot that points to another key",
            "ATTACH 'other.db' AS o; REPLACE INTO slot SELECT * FROM o.slot WHERE number = 2", "slot-key"
        ),
        (
            "a changed record",
            "UPDATE credential SET sealed = CAST(substr(sealed,1,40) || x'00' || substr(sealed,42) AS BLOB)", "record"
        ),
        ("a whole older vault", "OLDER", "rolled-back"),
    ])
    func `an attack on the file ends with 76 and the class that names it`(
        attack: String, sql: String, name: String
    ) async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        #expect(try await sandbox.rekeep("backup", sandbox.file("older.db")).status == 0)
        #expect(try await sandbox.rekeep("edit", "whmcs/live", "--note", "newer").status == 0)
        let other = try await Sandbox()
        #expect(try await other.add("whmcs/live/domainnameapi", rehearsal).status == 0)
        try FileManager.default.copyItem(atPath: other.vault, toPath: sandbox.file("other.db"))
        if sql == "OLDER" {
            try #require(await sandbox.run(["mv", "older.db", sandbox.vault]).status == 0)
        } else {
            // The file's own triggers of honesty are no obstacle to an attacker.
            let ran = try await sandbox.run(["sqlite3", sandbox.vault, "PRAGMA writable_schema = ON; " + sql])
            try #require(ran.status == 0, "\(attack): \(ran.err)")
        }
        let words = name == "log" ? ["log", "--verify"] : ["env", "whmcs/live"]
        let outcome = try await sandbox.rekeep(words)
        #expect(outcome.status == 76, "\(attack): \(outcome.err)")
        #expect(outcome.out.isEmpty, "\(attack)")
        let verified = try await sandbox.rekeep("verify", "--json")
        let classes = (verified.object["findings"] as? [[String: String]] ?? []).compactMap { $0["class"] }
        // What does not open at all is not looked at further.
        #expect(verified.status == 76 || classes.contains(name), "\(attack): \(classes)")
        let words76 = [
            "header": "the header", "slot": "slot 1", "slot-key": "another key", "rolled-back": "an older copy",
        ]
        if let text = words76[name] { #expect(outcome.err.contains(text), "\(attack): \(outcome.err)") }
    }
}
