import Foundation
import Testing

/// Who can write the vault's file, or its directory, and holds no key.
struct NeighbourTests {
    let sandbox: Sandbox

    init() async throws {
        sandbox = try await Sandbox()
        try sandbox.write(#"{"token":"fake-token-1","balance_path":"/v1"}"#, to: "token.json")
        try #require(try await add("a").status == 0)
    }

    func add(_ name: String, _ options: String..., to other: Sandbox? = nil) async throws -> Sandbox.Outcome {
        try await (other ?? sandbox).rekeep(
            [
                "add", "\(name)/live/bearer", "--no-check", "--base-url", "https://registrar.example.invalid",
                "--input", sandbox.file("token.json"),
            ] + options)
    }

    func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }

    func put(_ bytes: Data, _ path: String) throws {
        try bytes.write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    func moveIn(_ path: String) throws {
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
                sandbox.identity, sandbox.file("state/rekeep/"), ".config/rekeep", "\"\(sandbox.vault).emergency\"",
            ].contains { line.contains($0) }
            #expect(isKnown, "\(line)")
        }
    }
}
