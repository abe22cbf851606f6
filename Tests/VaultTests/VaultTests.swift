import Credentials
import Foundation
import Sealing
import Testing

@testable import Vault

struct VaultTests {
    @Test func `what was stored comes back, in another process's view too`() throws {
        let scratch = try Scratch()
        let stored = try scratch.add("whmcs/live/canaryprovider")
        let found = try scratch.open().read { snapshot throws(VaultError) in
            try snapshot.credential(stored.id)
        }
        #expect(found == stored)
        #expect(try scratch.secret(at: "whmcs/live/canaryprovider") == SecretBytes("fake-key-canary".utf8))
    }

    @Test func `the file shows no name, value, address or path`() throws {
        let scratch = try Scratch()
        for number in 0..<50 { try scratch.add("canaryapp\(number)/live/canaryprovider@canaryaccount") }
        try scratch.open().write { transaction throws(VaultError) in
            guard let deployment = try? Deployment("canaryapp1/live") else { return }
            var entry = try transaction.deploymentEntry(deployment)
            entry.targets.append(
                Target(
                    path: "/canary/path", preset: "whmcs-canary", dialect: "canary", mode: 0o640, owner: "canary",
                    group: nil, hook: ["canary"]))
            try transaction.put(entry)
        }
        let bytes = try Data(contentsOf: URL(filePath: scratch.path))
        #expect(bytes.count > 50_000)
        for word in ["canary", "whmcs", "api_key", "reseller", "live"] {
            #expect(bytes.range(of: Data(word.utf8)) == nil, "\(word)")
        }
    }

    @Test func `a transaction that fails leaves nothing behind`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        let vault = try scratch.open()
        let before = try vault.read { $0.generation }
        #expect(throws: VaultError.addressTaken(try Address("a/live/x"))) { try scratch.add("a/live/x", vault: vault) }
        #expect(try vault.read { $0.generation } == before)
        #expect(try scratch.secret(at: "a/live/x") == SecretBytes("fake-key-canary".utf8))
    }

    @Test func `an address leads to its credential, a deployment to its only address`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        try scratch.add("b/live/x@1", key: "fake-1")
        try scratch.add("b/live/x@2", key: "fake-2")
        let vault = try scratch.open()
        try vault.read { snapshot throws(VaultError) in
            guard let one = try? Address("a/live/x"), let deployment = try? Deployment("b/live"),
                let first = try? Address("b/live/x@1"), let second = try? Address("b/live/x@2"),
                let nowhere = try? Deployment("c/live")
            else { return }
            #expect(try snapshot.resolve(.deployment(one.deployment)) == one)
            #expect(throws: VaultError.ambiguous(deployment, candidates: [first, second])) {
                try snapshot.resolve(.deployment(deployment))
            }
            #expect(throws: VaultError.noSuchDeployment(nowhere)) { try snapshot.resolve(.deployment(nowhere)) }
        }
    }

    @Test func `removing a credential erases its rows`() throws {
        let scratch = try Scratch()
        let credential = try scratch.add("a/live/x")
        let vault = try scratch.open()
        try vault.write { transaction throws(VaultError) in try transaction.remove(credential) }
        for table in Table.allCases where table != .tree {
            var count = -1
            try vault.read { snapshot throws(VaultError) in
                count = 0
                let store = snapshot.store
                try store.forEach(table) { _ in count += 1 }
            }
            #expect(count == 0, "\(table)")
        }
    }

    @Test func `the audit log keeps its order and its chain`() throws {
        let scratch = try Scratch()
        for number in 0..<5 { try scratch.add("a\(number)/live/x") }
        var subjects: [String] = []
        try scratch.open().read { snapshot throws(VaultError) in
            try snapshot.forEachLogEntry { subjects.append($0.subject) }
        }
        #expect(subjects == (0..<5).map { "a\($0)/live/x" })
    }

    @Test func `a vault is never made over another file`() throws {
        let scratch = try Scratch()
        #expect(throws: VaultError.alreadyExists(path: scratch.path)) {
            try VaultFile.create(at: scratch.path, slots: [], now: Timestamp(seconds: 0))
        }
        #expect(throws: VaultError.missing(path: "/nowhere/vault.db")) { try VaultFile(path: "/nowhere/vault.db") }
    }

    @Test func `a file that is not a vault is called that`() throws {
        let scratch = try Scratch()
        let path = scratch.directory + "/other"
        try Data("SQLite format 3, or so".utf8).write(to: URL(filePath: path))
        #expect(throws: VaultError.self) { try VaultFile(path: path) }
        try Data().write(to: URL(filePath: path))
        #expect(throws: VaultError.notAVault(path: path)) { try VaultFile(path: path) }
    }

    @Test func `a newer format is refused by its number`() throws {
        let scratch = try Scratch()
        let database = try Database(path: scratch.path)
        let front = try Front(reading: database)
        try database.statement("UPDATE vault SET format = 2, checksum = ?1")
            .bind(1, VaultFile.frontChecksum(front.vault, 2, front.header)).run()
        #expect(throws: VaultError.newerFormat(found: 2, known: 1)) { try VaultFile(path: scratch.path) }
    }
}

struct SlotTests {
    private let cheap: Argon2id

    init() throws {
        cheap = try Argon2id(operations: 2, memoryBytes: 19 << 20)
    }

    private func make(_ slots: [SlotRequest]) throws -> (String, () -> Void) {
        let directory = NSTemporaryDirectory() + "rekeep-slot-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try VaultFile.create(at: directory + "/v", slots: slots, now: Timestamp(seconds: 0))
        return (directory, { try? FileManager.default.removeItem(atPath: directory) })
    }

    @Test func `every slot opens the same vault, and nothing else opens it`() throws {
        let pair = KeyPair.random()
        let code = RecoveryCode.random()
        let passphrase = SecretBytes("made-up passphrase".utf8)
        let (directory, clean) = try make([
            .passphrase(passphrase, cheap), .identity(publicKey: pair.publicKey), .recovery(code),
        ])
        defer { clean() }
        for opener in [Opener.passphrase(passphrase), .identity(pair), .recovery(code)] {
            let vault = try VaultFile(path: directory + "/v").open(with: opener, stateDirectory: directory)
            #expect(try vault.read { $0.generation } == 1)
        }
        for opener in [
            Opener.passphrase(SecretBytes("made-up passphrasE".utf8)), .identity(.random()), .recovery(.random()),
        ] {
            #expect(throws: VaultError.noSlotFits) {
                try VaultFile(path: directory + "/v").open(with: opener, stateDirectory: directory)
            }
        }
    }

    @Test func `costs below the floor and above the ceiling are refused before any work`() throws {
        let passphrase = SecretBytes("made-up".utf8)
        let (directory, clean) = try make([.passphrase(passphrase, cheap)])
        defer { clean() }
        for (operations, memory) in [(UInt64(1), UInt64(8 << 20)), (3, 2 << 30), (1000, 64 << 20)] {
            let database = try Database(path: directory + "/v")
            let slot = try database.statement("SELECT content FROM slot")
            _ = try slot.step()
            var content = slot.bytes(0)
            slot.reset()
            content.replaceSubrange(0..<8, with: withUnsafeBytes(of: operations.littleEndian) { Array($0) })
            content.replaceSubrange(8..<16, with: withUnsafeBytes(of: memory.littleEndian) { Array($0) })
            var form = RecordWriter()
            form.put(1)
            form.put(UInt8(1))
            form.put(fixed: content)
            try database.statement("UPDATE slot SET content = ?1, checksum = ?2")
                .bind(1, content).bind(2, KeyedHash.checksum(form.bytes)).run()
            #expect(throws: VaultError.derivation(.costsOutOfRange(operations: operations, memoryBytes: memory))) {
                try VaultFile(path: directory + "/v")
            }
        }
    }

    @Test func `a slot that leads to another key than it is committed to is noticed`() throws {
        let pair = KeyPair.random()
        let (directory, clean) = try make([.identity(publicKey: pair.publicKey)])
        defer { clean() }
        let database = try Database(path: directory + "/v")
        let front = try Front(reading: database)
        let good = try Slot.make(
            .identity(publicKey: pair.publicKey), number: 1, vaultKey: .random(count: 32), vault: front.vault)
        let mixed = Slot(
            number: 1, content: good.content, commitment: Commitment(to: .random(count: 32), context: front.vault))
        try database.statement("UPDATE slot SET content = ?1, checksum = ?2")
            .bind(1, mixed.plainForm).bind(2, mixed.checksum).run()
        #expect(throws: VaultError.damaged(.slotKey(number: 1))) {
            try VaultFile(path: directory + "/v").open(with: .identity(pair), stateDirectory: directory)
        }
        // With a commitment that fits, it is the header that does not open.
        try database.statement("UPDATE slot SET content = ?1, checksum = ?2")
            .bind(1, good.plainForm).bind(2, good.checksum).run()
        let vault = try VaultFile(path: directory + "/v").open(with: .identity(pair), stateDirectory: directory)
        #expect(throws: VaultError.damaged(.header)) { try vault.read { $0.generation } }
    }

    @Test func `codes survive a person: case, spaces, look-alikes; not a wrong character`() throws {
        let secret = SecretBytes.random(count: 20)
        let code = String(decoding: GroupedCode.encode(secret).withBytes { Array($0) }, as: UTF8.self)
        #expect(code.split(separator: "-").count == 9)
        let typed = code.lowercased().replacingOccurrences(of: "-", with: " ")
            .replacingOccurrences(of: "0", with: "o").replacingOccurrences(of: "1", with: "l")
        #expect(GroupedCode.decode(SecretBytes(typed.utf8), count: 20) == secret)
        for index in code.indices where code[index] != "-" {
            var wrong = code
            wrong.replaceSubrange(index...index, with: code[index] == "7" ? "8" : "7")
            #expect(GroupedCode.decode(SecretBytes(wrong.utf8), count: 20) == nil)
        }
        for wrong in ["", "7", code + "7", String(code.dropLast()), code + "!"] {
            #expect(GroupedCode.decode(SecretBytes(wrong.utf8), count: 20) == nil)
        }
    }

    @Test func `an identity file reads back, whatever stands around the line`() {
        let pair = KeyPair.random()
        let content = IdentityFile.content(for: pair)
        #expect(IdentityFile.pair(from: content)?.publicKey == pair.publicKey)
        let wrapped = SecretBytes(Array("# made-up\n\n".utf8) + content.withBytes { Array($0) }.dropLast())
        #expect(IdentityFile.pair(from: wrapped)?.publicKey == pair.publicKey)
        #expect(IdentityFile.pair(from: SecretBytes("REKEEP-IDENTITY-1-AAAA".utf8)) == nil)
        #expect(IdentityFile.pair(from: SecretBytes([])) == nil)
    }
}
