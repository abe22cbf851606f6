import Foundation
import Testing

/// Who can write the vault's file, or its directory, and holds no key.
struct NeighbourTests {
    private let sandbox: Sandbox

    init() async throws {
        sandbox = try await Sandbox()
        try sandbox.write(#"{"token":"fake-token-1","balance_path":"/v1"}"#, to: "token.json")
        try #require(try await add("a").status == 0)
    }

    private func add(_ name: String, _ options: String..., to other: Sandbox? = nil) async throws -> Sandbox.Outcome {
        try await (other ?? sandbox).rekeep(
            [
                "add", "\(name)/live/bearer", "--no-check", "--base-url", "https://registrar.example.invalid",
                "--input", sandbox.file("token.json"),
            ] + options)
    }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }

    private func put(_ bytes: Data, _ path: String) throws {
        try bytes.write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    private func moveIn(_ path: String) throws {
        try put(try bytes(path), sandbox.vault)
    }

    // MARK: The journal

    /// A journal with nothing to roll back, whose end names a file that SQLite is to delete
    /// (sqlite.org/fileformat2.html, section 3).
    private func superJournal(naming path: String) -> Data {
        func number(_ value: UInt32) -> Data { Data(withUnsafeBytes(of: value.bigEndian) { Array($0) }) }
        let magic = Data([0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7])
        var journal = magic + number(0) + number(7) + number(1) + number(512) + number(4096)
        journal += Data(count: 512 - journal.count)
        let name = Data(path.utf8)
        let sum = name.reduce(UInt32(0)) { $0 &+ UInt32(bitPattern: Int32(Int8(bitPattern: $1))) }
        return journal + number((1 << 30) / 4096 + 1) + name + number(UInt32(name.count)) + number(sum) + magic
    }

    @Test func `a forged journal deletes no file of whoever opens the vault`() async throws {
        try sandbox.write("precious", to: "precious")
        try #require(await sandbox.rekeep("backup", "usb.db").status == 0)
        let seen = try #require(try records(".seen").first)
        for victim in [sandbox.file("precious"), seen, sandbox.identity] {
            for words in [
                ["list"], ["verify"], ["edit", "a/live", "--note", "x"], ["show", "a/live", "--field", "token"],
            ] {
                try put(superJournal(naming: victim), sandbox.vault + "-journal")
                let outcome = try await sandbox.rekeep(words)
                #expect(FileManager.default.fileExists(atPath: victim), "\(words) deleted \(victim)")
                #expect(outcome.status == 76, "\(words): \(outcome.err)")
                #expect(outcome.err.contains("forged journal"), "\(outcome.err)")
            }
        }
        try FileManager.default.removeItem(atPath: sandbox.vault + "-journal")
        try put(superJournal(naming: sandbox.file("precious")), sandbox.file("usb.db-journal"))
        let restored = try await sandbox.rekeep("restore", "usb.db", "--accept-rollback")
        #expect(FileManager.default.fileExists(atPath: sandbox.file("precious")))
        #expect(restored.status == 76, "\(restored.err)")
        #expect(try await sandbox.rekeep("show", "a/live", "--field", "token").out == "fake-token-1")
    }

    @Test(arguments: [
        "mkfifo vault.db-journal", "mkdir vault.db-journal", "ln -s precious vault.db-journal",
        "ln -s nowhere vault.db-journal", "ln precious vault.db-journal", "mknod vault.db-journal c 1 3",
        "cp precious vault.db-journal && chmod 666 vault.db-journal",
        "cp precious vault.db-journal && chown 65534 vault.db-journal",
    ])
    func `what is no journal of ours in its place is refused without waiting`(planting: String) async throws {
        try sandbox.write(String(repeating: "precious ", count: 200), to: "precious")
        let before = try bytes(sandbox.file("precious"))
        let planted = try await sandbox.run(["sh", "-c", planting])
        // Devices and other owners are root's to make.
        guard planted.status == 0 else { return }
        for words in [["list"], ["verify"], ["edit", "a/live", "--note", "x"]] {
            let outcome = try await sandbox.rekeep(words)
            #expect(outcome.status == 76, "\(planting), \(words): \(outcome.err)")
            #expect(outcome.err.contains("vault.db-journal is not opened"), "\(outcome.err)")
        }
        #expect(try bytes(sandbox.file("precious")) == before)
        try #require(await sandbox.run(["rm", "-rf", "vault.db-journal"]).status == 0)
        #expect(try await sandbox.rekeep("verify").status == 0)
    }

    @Test(arguments: [
        "chmod 666 vault.db", "chmod 660 vault.db", "chown 65534 vault.db", "ln vault.db second-name",
        "mv vault.db other && mkfifo vault.db", "mv vault.db other && mkdir vault.db",
        "mv vault.db other && ln -s other vault.db",
    ])
    func `a vault that could be somebody else's is refused`(change: String) async throws {
        guard try await sandbox.run(["sh", "-c", change]).status == 0 else { return }
        let outcome = try await sandbox.rekeep("list")
        #expect(outcome.status == 76, "\(change): \(outcome.err)")
        #expect(outcome.err.contains("vault.db is not opened"), "\(outcome.err)")
    }

    @Test(arguments: ["super", "fifo", "link"])
    func `a restore moves what others put beside the vault out of the way, and keeps it`(kind: String) async throws {
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        try sandbox.write("precious", to: "precious")
        switch kind {
        case "super": try put(superJournal(naming: sandbox.file("precious")), sandbox.vault + "-journal")
        case "fifo": try #require(await sandbox.run(["mkfifo", sandbox.vault + "-journal"]).status == 0)
        default: try #require(await sandbox.run(["ln", "-s", "precious", sandbox.vault + "-journal"]).status == 0)
        }
        #expect(try await sandbox.rekeep("list").status == 76)
        let restored = try await sandbox.rekeep("restore", "copy.db")
        #expect(restored.status == 0, "\(restored.err)")
        #expect(sandbox.text("precious") == "precious")
        #expect(try await sandbox.rekeep("show", "a/live", "--field", "token").out == "fake-token-1")
        let files = try FileManager.default.contentsOfDirectory(atPath: sandbox.directory)
        #expect(files.contains { $0.hasPrefix("vault.db.replaced-") && $0.hasSuffix("-journal") }, "\(files)")
    }

    // MARK: The write-ahead log

    @Test func `a vault that asks for a write-ahead log is refused, and none is made`() async throws {
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        for path in [sandbox.vault, sandbox.file("copy.db")] {
            var vault = try bytes(path)
            vault[18] = 2
            vault[19] = 2
            try put(vault, path)
        }
        for words in [
            ["list"], ["verify"], ["edit", "a/live", "--note", "x"], ["backup", "other.db"], ["restore", "copy.db"],
        ] {
            let outcome = try await sandbox.rekeep(words)
            #expect(outcome.status == 76, "\(words): \(outcome.err)")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: sandbox.directory)
        #expect(!files.contains { $0.hasSuffix("-wal") || $0.hasSuffix("-shm") || $0 == "other.db" })
    }

    @Test func `what stands in the place of a write-ahead log is never looked at`() async throws {
        try #require(await sandbox.run(["mkfifo", "vault.db-wal", "vault.db-shm"]).status == 0)
        let trace = sandbox.file("trace")
        for words in [["list"], ["edit", "a/live", "--note", "x"], ["verify"]] {
            let outcome = try await sandbox.run(
                ["strace", "-f", "-qq", "-e", "trace=%file", "-o", trace, Sandbox.products + "/rekeep"] + words)
            #expect(outcome.status == 0, "\(words): \(outcome.err)")
            #expect(!sandbox.text("trace").contains("-wal") && !sandbox.text("trace").contains("-shm"))
        }
        // They would be read with a copy that is put beside them.
        #expect(try await sandbox.rekeep("backup", "copy.db").status == 0)
        try #require(await sandbox.run(["mv", "vault.db-wal", "copy.db-wal"]).status == 0)
        #expect(try await sandbox.rekeep("restore", "copy.db").status == 76)
        try #require(await sandbox.run(["mv", "copy.db-wal", "new.db-wal"]).status == 0)
        #expect(try await sandbox.rekeep("backup", "new.db").status == 76)
        #expect(!FileManager.default.fileExists(atPath: sandbox.file("new.db")))
    }

    @Test func `SQLite opens the vault and its journal, and no third file`() async throws {
        let trace = sandbox.file("trace")
        let outcome = try await sandbox.run([
            "strace", "-f", "-qq", "-e", "trace=openat,unlink,rename,renameat2", "-o", trace,
            Sandbox.products + "/rekeep", "edit", "a/live", "--note", String(repeating: "long ", count: 20_000),
        ])
        #expect(outcome.status == 0, "\(outcome.err)")
        for line in sandbox.text("trace").split(separator: "\n") where line.contains(sandbox.directory) {
            let isKnown = [
                "\"\(sandbox.vault)\"", "\"\(sandbox.vault)-journal\"", "\"\(sandbox.directory)\"",
                sandbox.identity, sandbox.file("state/rekeep/"), ".config/rekeep",
            ].contains { line.contains($0) }
            #expect(isKnown, "\(line)")
        }
    }

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

    // MARK: Another vault

    /// A vault of somebody who knows the identity's public key: it opens with the identity.
    private func attackersVault() async throws -> Sandbox {
        let attacker = try await Sandbox()
        let line = try #require(
            sandbox.text("identity").split(separator: "\n").first { $0.contains("REKEEP-PUBLIC-1-") })
        let key = try #require(line.split(separator: " ").last)
        try #require(await attacker.rekeep("slot", "add", "identity", "--public", String(key)).status == 0)
        try #require(try await add("a", to: attacker).status == 0)
        return attacker
    }

    private func records(_ ending: String) throws -> [String] {
        let directory = sandbox.file("state/rekeep")
        return try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(ending) }
            .map { directory + "/" + $0 }
    }

    /// The identity as `slot keygen` makes it: it names no vault.
    private func nameNoVault() throws {
        let lines = sandbox.text("identity").split(separator: "\n").filter { !$0.hasPrefix("REKEEP-VAULT-") }
        try put(Data((lines.joined(separator: "\n") + "\n").utf8), sandbox.identity)
    }

    @Test func `an exchanged vault is not opened, whoever made it for the identity`() async throws {
        let attacker = try await attackersVault()
        // The identity names its vault: on a machine that has seen nothing yet, too.
        try put(try bytes(attacker.vault), sandbox.file("theirs.db"))
        let elsewhere = try await sandbox.run(
            [Sandbox.products + "/rekeep", "list", "--vault", "theirs.db"],
            more: ["XDG_STATE_HOME": sandbox.file("empty")])
        #expect(elsewhere.status == 76 && elsewhere.err.contains("identity names another vault"), "\(elsewhere.err)")
        // The machine knows the place, and the identity.
        try nameNoVault()
        try moveIn(attacker.vault)
        for words in [
            ["list"], ["verify"], ["show", "a/live", "--field", "token"], ["edit", "a/live", "--note", "x"],
        ] {
            let outcome = try await sandbox.rekeep(words)
            #expect(outcome.status == 76 && outcome.err.contains("knows another vault"), "\(words): \(outcome.err)")
            #expect(outcome.out.isEmpty)
        }
        let place = try await sandbox.rekeep("list", "--vault", "theirs.db")
        #expect(place.status == 76 && place.err.contains("identity has opened another"), "\(place.err)")
    }

    @Test func `whoever put another vault there says so once, and is shown both`() async throws {
        let own = try #require(try await sandbox.rekeep("verify", "--json").object["vault_id"] as? String)
        let attacker = try await attackersVault()
        let theirs = try #require(try await attacker.rekeep("verify", "--json").object["vault_id"] as? String)
        try nameNoVault()
        try moveIn(attacker.vault)
        let asked = try await sandbox.rekeep("trust")
        #expect(asked.status == 64, "\(asked.err)")
        #expect(asked.err.contains(own) && asked.err.contains(theirs), "\(asked.err)")
        #expect(try await sandbox.rekeep("list").status == 76)
        #expect(try await sandbox.rekeep("trust", "--yes").status == 0)
        #expect(try await sandbox.rekeep("list").status == 0)
        #expect(try await sandbox.rekeep("trust").out.contains("Nothing to decide"))
        #expect(try await sandbox.rekeep("log").out.contains("trust"))
    }

    @Test func `a vault's id pins it on a machine that begins empty`() async throws {
        let own = try #require(try await sandbox.rekeep("verify", "--json").object["vault_id"] as? String)
        let attacker = try await attackersVault()
        try nameNoVault()
        func list(_ words: [String], state: String, id: String? = nil) async throws -> Sandbox.Outcome {
            var more = ["XDG_STATE_HOME": sandbox.file(state)]
            if let id { more["REKEEP_VAULT_ID"] = id }
            return try await sandbox.run([Sandbox.products + "/rekeep", "list"] + words, more: more)
        }
        #expect(try await list(["--vault-id", own], state: "first").status == 0)
        let pinned = try await list([], state: "second", id: own)
        #expect(pinned.status == 0 && pinned.err.isEmpty, "\(pinned.err)")
        // Without it, what is seen for the first time is said.
        let unpinned = try await list([], state: "third")
        #expect(unpinned.status == 0 && unpinned.err.contains(own), "\(unpinned.err)")
        #expect(try await list([], state: "third").err.isEmpty)
        try moveIn(attacker.vault)
        #expect(try await list(["--vault-id", own], state: "fourth").status == 76)
        #expect(try await list([], state: "fifth", id: own).status == 76)
        #expect(try await list(["--vault-id", "REKEEP-VAULT-1-0000"], state: "sixth").status == 64)
        let trusted = try await sandbox.rekeep("trust", "--yes", "--vault-id", own)
        #expect(trusted.status == 76, "an id that was given cannot be decided away: \(trusted.err)")
    }

    @Test func `who holds an identity is told the line that names the vault`() async throws {
        let keygen = try await sandbox.rekeep("slot", "keygen", "alice")
        let key = keygen.out.trimmingCharacters(in: .newlines)
        let added = try await sandbox.rekeep("slot", "add", "identity", "--name", "alice", "--public", key)
        let line = try #require(added.out.split(separator: "\n").last { $0.hasPrefix("REKEEP-VAULT-1-") })
        try put(Data((sandbox.text("alice") + line + "\n").utf8), sandbox.file("alice"))
        #expect(try await sandbox.rekeep("list", "--identity", "alice").status == 0)
        let other = try await Sandbox()
        try #require(await other.rekeep("slot", "add", "identity", "--public", key).status == 0)
        try put(try bytes(other.vault), sandbox.file("other.db"))
        let refused = try await sandbox.run(
            [Sandbox.products + "/rekeep", "list", "--identity", "alice", "--vault", "other.db"],
            more: ["XDG_STATE_HOME": sandbox.file("empty")])
        #expect(refused.status == 76, "\(refused.err)")
    }

    // MARK: Another line of the same vault

    private func generation() async throws -> Int {
        try #require(try await sandbox.rekeep("verify", "--json").object["generation"] as? Int)
    }

    @Test(arguments: [1, 2, 3], [false, true])
    func `copies that went on by themselves are told apart, and both files stay`(changes: Int, rekeyed: Bool)
        async throws
    {
        let elsewhere = ["XDG_STATE_HOME": sandbox.file("elsewhere"), "REKEEP_VAULT": sandbox.file("b.db")]
        try put(try bytes(sandbox.vault), sandbox.file("b.db"))
        let shared = try await generation()
        try #require(try await add("here").status == 0)
        for number in 0..<changes {
            let added = try await sandbox.run(
                [
                    Sandbox.products + "/rekeep", "add", "there\(number)/live/bearer", "--no-check", "--base-url",
                    "https://registrar.example.invalid", "--input", sandbox.file("token.json"),
                ], more: elsewhere)
            try #require(added.status == 0, "\(added.err)")
        }
        if rekeyed {
            try #require(await sandbox.run([Sandbox.products + "/rekeep", "rekey"], more: elsewhere).status == 0)
        }
        let ours = try bytes(sandbox.vault)
        let theirs = try bytes(sandbox.file("b.db"))
        try moveIn(sandbox.file("b.db"))
        for words in [["list"], ["verify"], ["add", "x/live/bearer"], ["show", "there0/live", "--field", "token"]] {
            let outcome = try await sandbox.rekeep(words[0] == "add" ? ["edit", "there0/live", "--note", "x"] : words)
            #expect(outcome.status == 76 && outcome.err.contains("went on by itself"), "\(words): \(outcome.err)")
            #expect(outcome.err.contains("last shared generation \(shared)"), "\(outcome.err)")
        }
        #expect(try bytes(sandbox.vault) == theirs)
        // The other machine does not take ours either.
        try put(ours, sandbox.file("b.db"))
        let other = try await sandbox.run([Sandbox.products + "/rekeep", "list"], more: elsewhere)
        #expect(other.status == 76, "\(other.err)")
        #expect(try await sandbox.rekeep("trust", "--yes").status == 0)
        #expect(try await sandbox.rekeep("list").out.contains("there0"))
        try put(ours, sandbox.file("ours.db"))
        #expect(try await sandbox.rekeep("restore", "ours.db").status == 76)
    }

    @Test func `a copy that went on elsewhere is taken back where nothing was changed meanwhile`() async throws {
        let elsewhere = ["XDG_STATE_HOME": sandbox.file("elsewhere"), "REKEEP_VAULT": sandbox.file("b.db")]
        try put(try bytes(sandbox.vault), sandbox.file("b.db"))
        for words in [["edit", "a/live", "--note", "x"], ["rekey"], ["edit", "a/live", "--note", "y"]] {
            let changed = try await sandbox.run([Sandbox.products + "/rekeep"] + words, more: elsewhere)
            try #require(changed.status == 0, "\(changed.err)")
        }
        try moveIn(sandbox.file("b.db"))
        #expect(try await sandbox.rekeep("verify").status == 0)
        #expect(try await sandbox.rekeep("edit", "a/live", "--note", "z").status == 0)
    }

    @Test func `a key that was retired in one line is erased when another is trusted`() async throws {
        let rehearsal = try await Rehearsal()
        try #require(try await sandbox.add("whmcs/live/domainnameapi", rehearsal).status == 0)
        try put(try bytes(sandbox.vault), sandbox.file("fork.db"))
        try #require(try await sandbox.rotate(try await rehearsal.regenerate()).status == 0)
        try #require(await sandbox.rekeep("retire", "whmcs/live", after: "61s").status == 0)
        for number in 0..<40 {
            let edited = try await sandbox.run(
                [Sandbox.products + "/rekeep", "edit", "whmcs/live", "--note", "\(number)"],
                more: ["XDG_STATE_HOME": sandbox.file("elsewhere"), "REKEEP_VAULT": sandbox.file("fork.db")])
            try #require(edited.status == 0)
        }
        try moveIn(sandbox.file("fork.db"))
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").status == 76)
        let trusted = try await sandbox.rekeep("trust", "--yes")
        #expect(trusted.status == 0 && trusted.err.contains("its key was retired since"), "\(trusted.err)")
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").status == 65)
    }

    @Test func `an older copy that was restored is a fork to who saw more, and can be decided`() async throws {
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        for name in ["b", "c", "d"] { try #require(try await add(name).status == 0) }
        // Another user of the same vault has seen all of it.
        func other(_ words: String...) async throws -> Sandbox.Outcome {
            try await sandbox.run(
                [Sandbox.products + "/rekeep"] + words, more: ["XDG_STATE_HOME": sandbox.file("other")])
        }
        try #require(await other("list").status == 0)
        try #require(await sandbox.rekeep("restore", "copy.db", "--accept-rollback").status == 0)
        #expect(try await sandbox.rekeep("verify").status == 0)
        let told = try await other("list")
        #expect(told.status == 76 && told.err.contains("went on by itself"), "\(told.err)")
        #expect(try await other("trust", "--yes").status == 0)
        #expect(try await other("list").status == 0)
    }

    @Test(arguments: ["renameat2:signal=KILL:when=2", "flock:signal=KILL:when=3"])
    func `a restore that is killed leaves a vault that is known`(fault: String) async throws {
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        for name in ["b", "c", "d"] { try #require(try await add(name).status == 0) }
        // From the exchange of the two files on.
        let killed = try await sandbox.run([
            "strace", "-f", "-qq", "-o", sandbox.file("trace"), "-e", "trace=renameat2,flock,fsync", "-e",
            "inject=\(fault)", Sandbox.products + "/rekeep", "restore", "copy.db", "--accept-rollback",
        ])
        #expect(killed.status == 137, "\(killed.err)")
        for words in [["list"], ["verify"], ["edit", "a/live", "--note", "x"]] {
            let outcome = try await sandbox.rekeep(words)
            #expect(outcome.status == 0, "\(fault), \(words): \(outcome.err)")
        }
    }

    @Test func `what a restore could not put there is not taken for it later`() async throws {
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        for name in ["b", "c"] { try #require(try await add(name).status == 0) }
        let killed = try await sandbox.run([
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=renameat2:signal=KILL:when=1",
            Sandbox.products + "/rekeep", "restore", "copy.db", "--accept-rollback",
        ])
        try #require(killed.status == 137)
        try #require(try await add("d").status == 0)
        let script =
            "for draft in .vault.db.rekeep-draft-*; do case $draft in *.claim) ;; *) mv \"$draft\" vault.db ;; esac; done"
        try #require(await sandbox.run(["bash", "-c", script]).status == 0)
        let outcome = try await sandbox.rekeep("list")
        #expect(outcome.status == 76 && outcome.out.isEmpty, "\(outcome.err)\(outcome.out)")
    }

    @Test func `a record that is gone is missed, however the vault is named`() async throws {
        try put(try bytes(sandbox.vault), sandbox.file("old.db"))
        try #require(try await add("b").status == 0)
        for seen in try records(".seen") { try FileManager.default.removeItem(atPath: seen) }
        try moveIn(sandbox.file("old.db"))
        try #require(await sandbox.run(["sh", "-c", "mkdir work; ln -s . here"]).status == 0)
        for path in ["vault.db", "work/../vault.db", "./here/vault.db", sandbox.vault] {
            for opener in [["--identity", sandbox.identity], ["--passphrase-file", sandbox.file("recovery")]] {
                let outcome = try await sandbox.rekeep(["list", "--vault", path] + opener)
                #expect(outcome.status == 76, "\(path): \(outcome.err)")
            }
        }
    }

    @Test func `what is trusted is what was shown`() async throws {
        try put(try bytes(sandbox.vault), sandbox.file("older.db"))
        let elsewhere = ["XDG_STATE_HOME": sandbox.file("elsewhere"), "REKEEP_VAULT": sandbox.file("b.db")]
        try put(try bytes(sandbox.vault), sandbox.file("b.db"))
        try #require(try await add("b").status == 0)
        for note in ["x", "y", "z"] {
            let edited = try await sandbox.run(
                [Sandbox.products + "/rekeep", "edit", "a/live", "--note", note], more: elsewhere)
            try #require(edited.status == 0)
        }
        try moveIn(sandbox.file("b.db"))
        // While somebody thinks about it, an older copy is written over the same file.
        let script = """
            set timeout 60
            spawn \(Sandbox.products)/rekeep trust
            expect "right vault from now on?"
            exec cp older.db vault.db
            send "y\\r"
            expect eof
            catch wait result
            exit [lindex $result 3]
            """
        let answered = try await sandbox.run(["expect", "-c", script])
        #expect(answered.status == 76, "\(answered.out)")
        #expect(try await sandbox.rekeep("list").status == 76)
    }

    @Test func `a linked directory that leads to another vault by now is noticed`() async throws {
        let other = try await Sandbox()
        try nameNoVault()
        try #require(
            await sandbox.run(["sh", "-c", "mkdir prod test && cp vault.db prod/ && chmod 700 prod test"]).status == 0)
        let key = try #require(
            sandbox.text("identity").split(separator: " ").last { $0.hasPrefix("REKEEP-PUBLIC-1-") }?.split(
                separator: "\n"
            ).first)
        try #require(await other.rekeep("slot", "add", "identity", "--public", String(key)).status == 0)
        try put(try bytes(other.vault), sandbox.file("test/vault.db"))
        #expect(try await sandbox.rekeep("list", "--vault", "prod/vault.db").status == 0)
        #expect(try await sandbox.rekeep("trust", "--yes", "--vault", "test/vault.db").status == 0)
        #expect(try await sandbox.rekeep("list", "--vault", "test/vault.db").status == 0)
        try #require(await sandbox.run(["sh", "-c", "mv prod away && ln -s test prod"]).status == 0)
        #expect(try await sandbox.rekeep("list", "--vault", "prod/vault.db").status == 76)
    }

    @Test func `a draft that somebody exchanged is not written through`() async throws {
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        try sandbox.write("precious", to: "precious")
        let script = """
            "$0" restore copy.db 2>err &
            command=$!
            while kill -0 $command 2>/dev/null; do
              for draft in .vault.db.rekeep-draft-*; do
                case $draft in *.claim|*-journal|*'*') ;; *) ln -f precious "$draft" ;; esac
              done
            done
            wait $command
            """
        for _ in 0..<5 {
            _ = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
            #expect(sandbox.text("precious") == "precious")
            _ = try await sandbox.run(["sh", "-c", "rm -f .vault.db.rekeep-draft-*"])
        }
        #expect(try await sandbox.rekeep("list").status == 0)
    }

    @Test func `long names of hosts leave room for what is remembered`() async throws {
        // A log that another machine wrote: every entry of a host with the longest name.
        let script =
            "hostname \(String(repeating: "h", count: 64)) && for n in $(seq 70); do \"$0\" edit a/live --note $n -q || exit 1; done"
        let edited = try await sandbox.run(
            ["unshare", "-u", "bash", "-c", script, Sandbox.products + "/rekeep"],
            more: ["XDG_STATE_HOME": sandbox.file("elsewhere")])
        // A host's name is root's to change.
        guard edited.status == 0 else { return }
        for _ in 0..<3 {
            let listed = try await sandbox.rekeep("list")
            #expect(listed.status == 0 && listed.err.isEmpty, "\(listed.err)")
        }
    }

    @Test func `an identity line or a variable that is not filled in pins nothing silently`() async throws {
        let empty = try await sandbox.run([Sandbox.products + "/rekeep", "list"], more: ["REKEEP_VAULT_ID": ""])
        #expect(empty.status == 64, "\(empty.err)")
        let other = try #require(try await Sandbox().rekeep("verify", "--json").object["vault_id"] as? String)
        try nameNoVault()
        try put(Data((sandbox.text("identity") + "  " + other.lowercased() + "\n").utf8), sandbox.identity)
        #expect(try await sandbox.rekeep("list").status == 76)
    }

    // MARK: What this machine remembers

    @Test func `a record of what was seen that is gone or torn is told, and opens nothing silently`() async throws {
        try #require(await sandbox.rekeep("edit", "a/live", "--note", "x").status == 0)
        let seen = try #require(try records(".seen").first)
        let whole = try bytes(seen)
        // The newer of the two records is torn: the older one counts.
        var torn = whole
        let newer =
            torn[8192...].contains { $0 != 0 } && torn[5..<13].lexicographicallyPrecedes(torn[8197..<8205]) ? 8192 : 0
        torn[newer + 60] ^= 0xFF
        try put(torn, seen)
        let warned = try await sandbox.rekeep("list")
        #expect(warned.status == 0 && warned.err.contains("not written whole"), "\(warned.err)")
        #expect(try await sandbox.rekeep("list").err.isEmpty, "it is mended")
        try put(Data(repeating: 0x55, count: whole.count), seen)
        #expect(try await sandbox.rekeep("list").status == 76)
        try put(Data(), seen)
        #expect(try await sandbox.rekeep("list").status == 76)
        try FileManager.default.removeItem(atPath: seen)
        let gone = try await sandbox.rekeep("show", "a/live", "--field", "token")
        #expect(gone.status == 76 && gone.err.contains("is gone") && gone.out.isEmpty, "\(gone.err)")
        #expect(!FileManager.default.fileExists(atPath: seen))
        #expect(try await sandbox.rekeep("trust", "--yes").status == 0)
        #expect(try await sandbox.rekeep("list").err.isEmpty)
    }

    @Test func `records that others could write are not believed`() async throws {
        for (change, back) in [
            ("chmod 666", "chmod 600"), ("chown 65534", "chown 0"), ("ln -f", "rm -f"),
        ] {
            for path in try records(".seen") + records(".vault") {
                guard
                    try await sandbox.run(["sh", "-c", "\(change) '\(path)'" + (change == "ln -f" ? " second" : "")])
                        .status == 0
                else { continue }
                let outcome = try await sandbox.rekeep("list")
                #expect(outcome.status == 76, "\(change) \(path): \(outcome.err)")
                _ = try await sandbox.run(["sh", "-c", back == "rm -f" ? "rm -f second" : "\(back) '\(path)'"])
            }
        }
        #expect(try await sandbox.rekeep("list").status == 0)
        try #require(await sandbox.run(["chmod", "777", sandbox.file("state/rekeep")]).status == 0)
        let open = try await sandbox.rekeep("list")
        #expect(open.status == 77 && open.err.contains("can be written by others"), "\(open.err)")
    }

    @Test func `where nothing can be remembered, a read says so and a write says that it is stored`() async throws {
        let seen = try #require(try records(".seen").first)
        // The vault went on elsewhere, so that there is something to remember.
        let edited = try await sandbox.run(
            [Sandbox.products + "/rekeep", "edit", "a/live", "--note", "elsewhere"],
            more: ["XDG_STATE_HOME": sandbox.file("elsewhere")])
        try #require(edited.status == 0)
        func readOnly(from opening: Int, _ words: [String]) async throws -> Sandbox.Outcome {
            // The openings before only read the record.
            try await sandbox.run(
                [
                    "strace", "-f", "-qq", "-o", "/dev/null", "-P", seen, "-e",
                    "inject=openat:error=EROFS:when=\(opening)+",
                    Sandbox.products + "/rekeep",
                ] + words)
        }
        let read = try await readOnly(from: 2, ["show", "a/live", "--field", "token"])
        #expect(read.status == 0 && read.out == "fake-token-1", "\(read.err)")
        #expect(read.err.contains("can't notice an older or exchanged vault"), "\(read.err)")
        try #require(await sandbox.rekeep("list").status == 0)
        let written = try await readOnly(from: 4, ["edit", "a/live", "--note", "x"])
        #expect(written.status == 73 && written.err.contains("the change is stored"), "\(written.err)")
        #expect(try await sandbox.rekeep("show", "a/live", "--json").out.contains("\"x\""))
        let nowhere = try await sandbox.run(
            [Sandbox.products + "/rekeep", "list"], more: ["XDG_STATE_HOME": "/proc/1/nowhere"])
        #expect(nowhere.status == 76 || nowhere.err.contains("can't notice"), "\(nowhere.err)")
    }
}
