import Foundation
import Testing

extension NeighbourTests {
    // MARK: The schema

    @Test(arguments: [
        // A million steps for each row that is read.
        "ALTER TABLE slot ADD COLUMN more AS (hex(zeroblob(1000)))",
        "CREATE INDEX more ON log(length(sealed))",
        "CREATE TRIGGER more AFTER UPDATE ON vault BEGIN SELECT 1; END",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'checksum BLOB NOT NULL', 'checksum BLOB AS (randomblob(32))') WHERE name = 'slot'",
        "DROP TABLE policy; CREATE VIEW policy AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 100000) SELECT zeroblob(16) AS id, x AS revision, zeroblob(40) AS sealed FROM n",
    ])
    func `a schema that is not a vault's to the letter is refused before anything in it is used`(sql: String)
        async throws
    {
        try #require(await sandbox.run(["sqlite3", sandbox.vault, sql]).status == 0)
        for words in [["list"], ["policy", "list"], ["edit", "a/live", "--note", "x"]] {
            let outcome = try await sandbox.rekeep(words)
            #expect(outcome.status == 76 && outcome.err.contains("structure"), "\(words): \(outcome.err)")
        }
    }

    /// Puts six levels of pages over a tree, each of which points five hundred times at the one below: to walk over its rows
    /// would take for ever.
    private static let endlessTree = """
        import sqlite3, struct, sys
        path, table = sys.argv[1:]
        root, = sqlite3.connect(path).execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone() or (1,)
        content = bytearray(open(path, "rb").read())
        size = 4096
        pages = [content[at : at + size] for at in range(0, len(content), size)]
        front = 100 if root == 1 else 0
        old = pages[root - 1]
        # The old root's rows move to a page of their own.
        leaf, end, offsets = bytearray(size), size, []
        count, = struct.unpack(">H", old[front + 3 : front + 5])
        assert old[front] == 13
        leaf[8 + 2 * count :] = old[8 + 2 * count :] if front == 0 else leaf[8 + 2 * count :]
        places = struct.unpack(f">{count}H", old[front + 8 : front + 8 + 2 * count])
        low = min(places)
        leaf[low:] = old[low:]
        leaf[:8] = old[front : front + 8]
        leaf[8 : 8 + 2 * count] = old[front + 8 : front + 8 + 2 * count]
        pages.append(leaf)

        def interior(child, front):
            page, end = bytearray(size), size
            page[front] = 5
            cells = 0 if front else 500
            for number in range(cells):
                end -= 5
                page[end : end + 5] = struct.pack(">IB", child, 100)
                struct.pack_into(">H", page, front + 12 + 2 * number, end)
            struct.pack_into(">HHHBI", page, front + 1, 0, cells, end, 0, child)
            return page

        for _ in range(6):
            pages.append(interior(len(pages), 0))
        top = interior(len(pages), front)
        top[:front] = old[:front]
        pages[root - 1] = top
        struct.pack_into(">I", pages[0], 28, len(pages))
        pages[0][92:96] = pages[0][24:28]
        open(path, "wb").write(b"".join(pages))
        """

    @Test(arguments: ["schema", "credential", "deployment", "address", "tree", "log", "slot", "vault"])
    func `a tree of pages without an end is refused, and not walked`(table: String) async throws {
        let forged = try await sandbox.run(["python3", "-c", Self.endlessTree, sandbox.vault, table])
        try #require(forged.status == 0, "\(forged.err)")
        for words in [["list"], ["status"], ["log"], ["policy", "list"], ["edit", "a/live", "--note", "x"]] {
            let outcome = try await sandbox.rekeep(words)
            #expect([0, 1, 76].contains(outcome.status), "\(words): \(outcome.err)")
            if table == "schema" {
                #expect(outcome.status == 76 && outcome.err.contains("structure"), "\(outcome.err)")
            }
        }
        let verified = try await sandbox.rekeep("verify")
        #expect(verified.status == 76 || (verified.status == 1 && verified.out.contains("file:")), "\(verified.out)")
    }

    /// An index of as many ids as there is room for, each leading to one row of 4 MiB.
    private static let stuffedIndex = """
        import sqlite3, sys
        path, table = sys.argv[1:]
        database = sqlite3.connect(path, isolation_level=None)
        (victim,) = database.execute(f"SELECT id FROM {table} LIMIT 1").fetchone()
        (row,) = database.execute(f"SELECT max(rowid) + 1 FROM {table}").fetchone()
        database.execute(f"INSERT INTO {table} VALUES (?, 1, zeroblob(4000000))", (victim[:2] + bytes(14),))
        database.execute("CREATE TABLE stuffed(id BLOB, number INTEGER, PRIMARY KEY(id, number)) WITHOUT ROWID")
        ids = ((victim[:2] + number.to_bytes(14, "big"), row) for number in range(20000))
        database.executemany("INSERT INTO stuffed VALUES (?, ?)", ids)
        database.execute("PRAGMA writable_schema = ON")
        (root,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'stuffed'").fetchone()
        database.execute("UPDATE sqlite_schema SET rootpage = ? WHERE name = ?", (root, f"sqlite_autoindex_{table}_1"))
        database.execute("DELETE FROM sqlite_schema WHERE name = 'stuffed'")
        """

    @Test(arguments: ["address", "credential", "secret"])
    func `an index that leads to one large row again and again is refused, and not followed`(table: String) async throws
    {
        let forged = try await sandbox.run(["python3", "-c", Self.stuffedIndex, sandbox.vault, table])
        try #require(forged.status == 0, "\(forged.err)")
        // What is read is counted: each time round takes 4 MB.
        let outcome = try await sandbox.run([
            "strace", "-f", "-qq", "-e", "trace=pread64", "-o", sandbox.file("trace"), Sandbox.products + "/rekeep",
            "show", "a/live", "--field", "token",
        ])
        #expect(outcome.status == 76, "\(outcome.err)")
        let read = sandbox.text("trace").split(separator: "\n").reduce(0) { sum, line in
            sum + (line.split(separator: "=").last.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) } ?? 0)
        }
        #expect(read < 100_000_000, "\(read) bytes")
    }

    @Test(arguments: ["credential", "address", "secret", "log"])
    func `text where a sealed value belongs is refused, by a read and by verify`(table: String) async throws {
        try #require(
            await sandbox.run(["sqlite3", sandbox.vault, "UPDATE \(table) SET sealed = CAST(sealed AS TEXT)"]).status
                == 0)
        let read = try await sandbox.rekeep(table == "log" ? ["log"] : ["show", "a/live", "--field", "token"])
        #expect(read.status == 76, "\(read.err)")
        let verified = try await sandbox.rekeep("verify")
        #expect(verified.status == 1 && verified.out.contains(table), "\(verified.out)\(verified.err)")
    }

    // MARK: Slots

    /// Derivation costs in a slot that somebody without a key puts in front.
    private func forgeSlot(passes: Int, memory: Int) async throws {
        func number(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt64(value).littleEndian) { Array($0) } }
        let script = """
            import hashlib, sqlite3, struct, sys
            database = sqlite3.connect(sys.argv[1])
            content, = database.execute("SELECT content FROM slot WHERE kind = 1").fetchone()
            forged = struct.pack("<QQ", int(sys.argv[2]), int(sys.argv[3])) + bytes(16) + content[32:]
            number = database.execute("SELECT min(number) FROM slot").fetchone()[0] - 1
            check = hashlib.blake2b(struct.pack("<qB", number, 1) + forged, digest_size=32).digest()
            database.execute("INSERT INTO slot VALUES (?, 1, ?, ?)", (number, forged, check))
            database.commit()
            """
        let forged = try await sandbox.run(["python3", "-c", script, sandbox.vault, "\(passes)", "\(memory)"])
        try #require(forged.status == 0, "\(forged.err)")
    }

    @Test func `expensive slots in front of the owner's keep nobody waiting`() async throws {
        try sandbox.write("made-up passphrase\n", to: "passphrase")
        try #require(
            await sandbox.rekeep("slot", "add", "passphrase", "--new-passphrase-file", sandbox.file("passphrase"))
                .status
                == 0)
        // The owner's is tried first: it opens within this memory, and shows that the set of slots was changed.
        try await forgeSlot(passes: 8, memory: 1 << 30)
        let script = "ulimit -v 900000; exec \"$0\" list --passphrase-file passphrase"
        let first = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
        #expect(first.status == 76 && first.err.contains("set of slots"), "\(first.err)")
        // Together they ask for more than the most expensive one may: no work is done at all.
        try await forgeSlot(passes: 8, memory: 1 << 30)
        let second = try await sandbox.rekeep("list", "--passphrase-file", sandbox.file("passphrase"))
        #expect(second.status == 76 && second.err.contains("more work than one opening"), "\(second.err)")
    }

    @Test func `cheaper slots than the owner's keep nobody waiting who has opened the vault here before`() async throws
    {
        try sandbox.write("made-up passphrase\n", to: "passphrase")
        let passphrase = sandbox.file("passphrase")
        try #require(
            await sandbox.rekeep("slot", "add", "passphrase", "--new-passphrase-file", passphrase).status == 0)
        try #require(await sandbox.rekeep("list", "--passphrase-file", passphrase).status == 0)
        for _ in 0..<3 { try await forgeSlot(passes: 3, memory: 255 << 20) }
        // One derivation takes 256 MiB once; each of the others would take as much again, one after the other.
        let counted = try await sandbox.run([
            "strace", "-f", "-qq", "-e", "trace=mmap", "-o", sandbox.file("trace"), Sandbox.products + "/rekeep",
            "list",
            "--passphrase-file", passphrase,
        ])
        #expect(counted.status == 76 && counted.err.contains("set of slots"), "\(counted.err)")
        let large = sandbox.text("trace").split(separator: "\n").filter { line in
            (line.split(separator: ",").dropFirst().first.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) } ?? 0)
                > 200 << 20
        }
        #expect(large.count == 1, "\(large)")
    }
}
