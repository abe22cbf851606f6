import Credentials
import Foundation
import Sealing
import Testing

@testable import Vault

/// Attacks on the file by somebody who cannot open the vault; each is noticed, by its own class.
struct TamperTests {
    func everything(_ scratch: Scratch) throws {
        let vault = try scratch.open()
        try vault.read { snapshot throws(VaultError) in
            try snapshot.forEachCredential { credential throws(VaultError) in
                for version in credential.versions {
                    for field in version.fingerprints.names {
                        _ = try snapshot.secret(field, of: version, in: credential.id)
                        for fingerprint in version.fingerprints.values { _ = try snapshot.holders(of: fingerprint) }
                    }
                }
                for address in credential.addresses {
                    _ = try snapshot.credential(at: address)
                    _ = try snapshot.deployment(address.deployment)
                }
            }
            try snapshot.forEachDeployment { _ in }
            try snapshot.forEachRotation { _ in }
            _ = try snapshot.policies()
            try snapshot.forEachLogEntry { _ in }
        }
    }

    @Test func `an untouched vault passes`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        try everything(scratch)
    }

    @Test(arguments: [
        "credential", "address", "deployment", "secret", "fingerprint", "rotation", "policy", "tree", "log",
    ])
    func `one flipped byte in any sealed value is noticed`(table: String) throws {
        let scratch = try Scratch()
        let credential = try scratch.add("a/live/x")
        try scratch.open().write { transaction throws(VaultError) in
            guard let address = credential.addresses.first, let pattern = try? Pattern("**") else { return }
            try transaction.put([Policy(pattern: pattern, maxAge: .days(9))])
            try transaction.put(
                Rotation(
                    credential: credential.id, address: address, mode: .cutover, oldVersion: 1,
                    grace: Span(seconds: 60), at: Timestamp(seconds: 0)))
        }
        let length = try scratch.sealedLength(table)
        for position in [1, 12, 24, 25, length / 2, length - 16, length] {
            try scratch.copy(to: "before")
            try scratch.flip(table, "sealed", at: position)
            #expect(throws: VaultError.self, "\(table) at \(position)") { try everything(scratch) }
            try scratch.putBack("before")
            try FileManager.default.removeItem(atPath: scratch.directory + "/before")
        }
    }

    @Test(arguments: [
        ("vault", "header"), ("vault", "vault_id"), ("vault", "checksum"), ("slot", "content"), ("slot", "checksum"),
    ])
    func `one flipped byte in a slot or the header is damage, not a wrong key`(table: String, column: String) throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        try scratch.flip(table, column, at: 7)
        do {
            try everything(scratch)
            Issue.record("it was not noticed")
        } catch VaultError.damaged(let damage) {
            #expect(damage == (table == "slot" ? .slot(number: 1) : .header))
        }
    }

    @Test(arguments: ["credential", "address", "deployment", "secret", "fingerprint"])
    func `a deleted row is missed`(table: String) throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        try scratch.add("b/live/x", key: "fake-other")
        try scratch.tamper("DELETE FROM \(table) WHERE rowid = 1")
        #expect(throws: VaultError.damaged(.freshness(table: table))) { try everything(scratch) }
    }

    @Test func `a row from an older copy is noticed`() throws {
        let scratch = try Scratch()
        let credential = try scratch.add("a/live/x")
        try scratch.copy(to: "older")
        try scratch.open().write { transaction throws(VaultError) in
            var changed = credential
            changed.note = "newer"
            try transaction.put(changed)
        }
        try scratch.tamper(
            """
            ATTACH '\(scratch.directory)/older' AS older;
            UPDATE credential SET (revision, sealed) = (SELECT revision, sealed FROM older.credential);
            """)
        #expect(throws: VaultError.damaged(.freshness(table: "credential"))) { try everything(scratch) }
    }

    @Test func `a row moved to another id or another table is refused`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        try scratch.add("b/live/x", key: "fake-other")
        try scratch.copy(to: "before")
        try scratch.tamper(
            """
            CREATE TEMP TABLE t AS SELECT rowid AS r, sealed, revision FROM secret;
            UPDATE secret SET (sealed, revision) = (SELECT sealed, revision FROM t WHERE t.r <> secret.rowid);
            """)
        #expect(throws: VaultError.self) { try everything(scratch) }
        try scratch.putBack("before")
        try scratch.tamper("UPDATE address SET sealed = (SELECT sealed FROM credential)")
        #expect(throws: VaultError.self) { try everything(scratch) }
    }

    @Test func `rows of another vault, opened by the same identity, are refused`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        let other = try Scratch(pair: scratch.pair)
        try other.add("a/live/x", key: "fake-other")
        for table in ["credential", "address", "secret", "fingerprint", "deployment"] {
            try scratch.copy(to: "before")
            // With ids that exist, and with the other vault's own.
            try scratch.tamper(
                """
                ATTACH '\(other.path)' AS other;
                UPDATE \(table) SET (revision, sealed) = (SELECT revision, sealed FROM other.\(table));
                """)
            #expect(throws: VaultError.self, "\(table)") { try everything(scratch) }
            #expect(try findings(scratch).contains(table == "secret" ? "secret" : "record"), "\(table)")
            try scratch.putBack("before")
            try scratch.tamper(
                """
                ATTACH '\(other.path)' AS other;
                DELETE FROM \(table);
                INSERT INTO \(table) SELECT * FROM other.\(table);
                """)
            #expect(try !findings(scratch).isEmpty, "\(table)")
            try scratch.putBack("before")
            try FileManager.default.removeItem(atPath: scratch.directory + "/before")
        }
    }

    func findings(_ scratch: Scratch) throws -> [String] {
        try scratch.open().verify().findings.map(\.name)
    }

    /// Both halves are authentic, under one key: only the tree tells that they do not belong together.
    @Test(arguments: ["credential", "address", "secret", "deployment", "fingerprint", "tree", "log"])
    func `two copies of one vault that went different ways do not splice`(table: String) throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        try scratch.copy(to: "fork")
        try scratch.add("b/live/x", key: "fake-one-way")
        let fork = try VaultFile(path: scratch.directory + "/fork").open(
            with: .pair(scratch.pair), stateDirectory: scratch.directory)
        try scratch.add("c/live/x", key: "fake-other-way", vault: fork)
        try scratch.tamper(
            """
            ATTACH '\(scratch.directory)/fork' AS fork;
            DELETE FROM \(table);
            INSERT INTO \(table) SELECT * FROM fork.\(table);
            """)
        #expect(try findings(scratch).contains(table == "log" ? "log" : "freshness"))
    }

    @Test func `slots that exchanged their places do not fit the header`() throws {
        let scratch = try Scratch()
        let other = KeyPair.random()
        try scratch.open().write { transaction throws(VaultError) in
            let name = SlotName.free(for: .identity, among: try transaction.snapshot.slots().map(\.name))
            try transaction.addSlot(
                .identity(publicKey: other.publicKey), name: name, at: Timestamp(seconds: 5))
        }
        let database = try Database(path: scratch.path)
        let slots = try SlotTable(database).read()
        for (slot, number) in zip(slots, [2, 1]) {
            try SlotTable(database).put(
                Slot(
                    number: number, lock: slot.lock, publicKey: slot.publicKey, box: slot.box,
                    anchorSeal: slot.anchorSeal, commitment: slot.commitment))
        }
        #expect(throws: VaultError.damaged(.header)) { try everything(scratch) }
    }

    /// A slot of the same vault from before it was re-keyed leads to the old key.
    @Test func `a slot from before a re-keying is noticed`() throws {
        let scratch = try Scratch()
        try scratch.open().write { transaction throws(VaultError) in
            try transaction.addSlot(
                .recovery(.random()), name: .free(for: .recovery, among: []), at: Timestamp(seconds: 5))
        }
        let old = try SlotTable(Database(path: scratch.path)).read()
        try scratch.open().rekey { _ in }
        try SlotTable(Database(path: scratch.path)).put(old[1])
        #expect(throws: VaultError.damaged(.slotKey(number: 2))) { try everything(scratch) }
    }

    @Test func `a header of an earlier generation does not fit the rows`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        try scratch.copy(to: "older")
        try scratch.add("b/live/x", key: "fake-other")
        try scratch.tamper(
            """
            ATTACH '\(scratch.directory)/older' AS older;
            UPDATE vault SET (lasting, header, checksum) = (SELECT lasting, header, checksum FROM older.vault);
            """)
        #expect(throws: VaultError.rolledBack(found: 2, lastSeen: 3)) { try everything(scratch) }
        try FileManager.default.removeItem(atPath: scratch.state)
        try FileManager.default.createDirectory(atPath: scratch.state, withIntermediateDirectories: false)
        #expect(try findings(scratch).contains("freshness"))
    }

    @Test func `a duplicated row is noticed`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        // Two copies more: an exclusive or alone would not see them.
        try scratch.tamper(
            """
            CREATE TABLE copy(id BLOB, revision INTEGER NOT NULL, sealed BLOB NOT NULL);
            INSERT INTO copy SELECT * FROM credential;
            INSERT INTO copy SELECT * FROM credential;
            INSERT INTO copy SELECT * FROM credential;
            DROP TABLE credential;
            ALTER TABLE copy RENAME TO credential;
            """)
        #expect(throws: VaultError.damaged(.file)) { try everything(scratch) }
    }

    @Test(arguments: [
        "DELETE FROM log WHERE number = 3", "DELETE FROM log WHERE number = 2",
        "UPDATE log SET number = -1 WHERE number = 1; UPDATE log SET number = 1 WHERE number = 2; UPDATE log SET number = 2 WHERE number = -1",
        "INSERT INTO log SELECT 4, sealed FROM log WHERE number = 3",
    ])
    func `a log that was cut, thinned, reordered or padded is noticed`(sql: String) throws {
        let scratch = try Scratch()
        for number in 0..<3 { try scratch.add("a\(number)/live/x", key: "fake-\(number)") }
        try scratch.tamper(sql)
        do {
            try everything(scratch)
            Issue.record("it was not noticed")
        } catch VaultError.damaged(.log) {
        }
    }

    @Test func `a slot that was added or dropped does not fit the header`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        let database = try Database(path: scratch.path)
        let front = try VaultRow(reading: database)
        let original = try SlotTable(database).read().first
        let slot = try Slot.make(
            .recovery(.random()), number: 2, vaultKey: .random(count: 32), anchor: .random(count: 32),
            vault: front.vault)
        try SlotTable(database).put(slot)
        #expect(throws: VaultError.damaged(.slotKey(number: 2))) { try everything(scratch) }
        // A stranger's slot that claims the vault's key.
        let first = try #require(original)
        try SlotTable(database).put(
            Slot(
                number: 2, lock: slot.lock, publicKey: slot.publicKey, box: slot.box, anchorSeal: slot.anchorSeal,
                commitment: first.commitment))
        #expect(throws: VaultError.damaged(.header)) { try everything(scratch) }
    }
}
