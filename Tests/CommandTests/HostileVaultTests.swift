import Foundation
import Testing

/// A vault from a stranger can't exhaust the machine: whatever it claims, reading it stays within a limit that a whole
/// vault needs too.
struct HostileVaultTests {
    @Test(arguments: [
        // What SQLite is told of a value's length is not believed beyond 4 MiB.
        ("a header of 64 MiB", "UPDATE vault SET header = zeroblob(67108864)"),
        ("a slot of 64 MiB", "UPDATE slot SET content = zeroblob(67108864) WHERE number = 1"),
        ("a row of 64 MiB", "UPDATE credential SET sealed = zeroblob(67108864)"),
        ("a log entry of 64 MiB", "UPDATE log SET sealed = zeroblob(67108864) WHERE number = 1"),
        (
            "a hundred thousand slots",
            "INSERT INTO slot SELECT value, 2, randomblob(144), randomblob(32) FROM generate_series(10, 100000)"
        ),
        (
            "a hundred thousand rows in every bucket's neighbourhood",
            "INSERT INTO credential SELECT randomblob(16), 2, zeroblob(600) FROM generate_series(1, 100000)"
        ),
        (
            "a hundred thousand secrets in the bucket that is read",
            """
            INSERT INTO secret SELECT substr(s.id, 1, 2) || randomblob(14), 2, zeroblob(600)
                FROM generate_series(1, 100000), (SELECT id FROM secret LIMIT 1) AS s
            """
        ),
        (
            "a hundred thousand log entries",
            "INSERT INTO log SELECT value, zeroblob(600) FROM generate_series(100, 100100)"
        ),
        (
            "a view that never ends",
            """
            DROP TABLE policy;
            CREATE VIEW policy(id, revision, sealed) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                SELECT randomblob(16), i, zeroblob(600) FROM n
            """
        ),
        (
            "a derivation that takes all memory",
            "UPDATE slot SET kind = 1, content = x'03000000000000000000000010000000' || randomblob(232) WHERE number = 2"
        ),
    ])
    func `a hostile vault is refused within the memory of a whole one`(what: String, sql: String) async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        // Address space for the program itself, its libraries and one small vault; nothing for what a stranger wants.
        let limited = { (words: String) in
            try await sandbox.run([
                "bash", "-c", "ulimit -v 200000; exec \"$0\" \(words)", Sandbox.products + "/rekeep",
            ])
        }
        try #require(await limited("verify").status == 0)
        let changed = try await sandbox.run(["sqlite3", sandbox.vault, sql])
        try #require(changed.status == 0, "\(changed.err)")
        for words in ["verify", "list", "env whmcs/live", "status", "log"] {
            let outcome = try await limited(words)
            #expect([0, 1, 76].contains(outcome.status), "\(what), \(words): \(outcome.status) \(outcome.err)")
        }
        #expect([1, 76].contains(try await limited("verify").status), "\(what)")
    }
}
