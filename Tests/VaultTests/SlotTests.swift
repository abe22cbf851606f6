import Credentials
import Foundation
import Sealing
import Testing

@testable import Vault

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
        for opener in [Opener.passphrase(passphrase), .pair(pair), .recovery(code)] {
            let vault = try VaultFile(path: directory + "/v").open(with: opener, stateDirectory: directory)
            #expect(try vault.read { $0.generation } == 1)
        }
        for opener in [
            Opener.passphrase(SecretBytes("made-up passphrasE".utf8)), .pair(.random()), .recovery(.random()),
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
            var content = try slot.bytes(0)
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
        let front = try VaultRow(reading: database)
        let good = try #require(try SlotTable(database).read().first)
        let other = try Slot.make(
            .identity(publicKey: pair.publicKey), number: 1, vaultKey: .random(count: 32), anchor: .random(count: 32),
            vault: front.vault)
        try SlotTable(database).put(
            Slot(
                number: 1, lock: .identity, publicKey: good.publicKey, box: other.box, anchorSeal: nil,
                commitment: good.commitment))
        #expect(throws: VaultError.damaged(.slotKey(number: 1))) {
            try VaultFile(path: directory + "/v").open(with: .pair(pair), stateDirectory: directory)
        }
        // With a commitment that fits, it is the header that does not open.
        try SlotTable(database).put(other)
        #expect(throws: VaultError.damaged(.header)) {
            try VaultFile(path: directory + "/v").open(with: .pair(pair), stateDirectory: directory)
        }
    }

    /// Whoever can write the file knows every slot's public key, and can make a vault of their own behind it.
    @Test func `a vault that was exchanged under its slots is noticed, even where nothing is remembered`() throws {
        let passphrase = SecretBytes("made-up passphrase".utf8)
        let code = RecoveryCode.random()
        let key = KeyringKey.random()
        let (directory, clean) = try make([.passphrase(passphrase, cheap), .recovery(code), .keyring(key)])
        defer { clean() }
        let original = try SlotTable(Database(path: directory + "/v")).read()
        let forged = directory + "/forged"
        let vaultKey = SecretBytes.random(count: 32)
        let keys = VaultKeys(vaultKey: vaultKey)
        let lasting = LastingKeys.random()
        let id = try VaultFile(path: directory + "/v").id
        try VaultFile.create(at: forged, NewVault(id: id), slots: [], now: Timestamp(seconds: 0))
        let database = try Database(path: forged)
        let table = SlotTable(database)
        for slot in original { try table.put(slot.rewrapped(vaultKey, vault: id)) }
        let header = Header(generation: 9, createdAt: Timestamp(seconds: 0), slots: [])
        try VaultRow(
            vault: id, lasting: lasting.sealed(with: keys, vault: id),
            header: header.sealed(with: keys.header, vault: id, slots: table.summary().checksum)
        ).write(to: database)
        for (number, opener) in [(1, Opener.passphrase(passphrase)), (2, .recovery(code)), (3, .keyring(key))] {
            #expect(throws: VaultError.damaged(.slotAnchor(number: number))) {
                try VaultFile(path: forged).open(with: opener, stateDirectory: directory)
            }
        }
    }

    @Test func `slots are added and removed by name, and never the last`() throws {
        let scratch = try Scratch()
        let other = KeyPair.random()
        let name = try #require(SlotName("alice@work"))
        let vault = try scratch.open()
        try vault.write { transaction throws(VaultError) in
            try transaction.addSlot(.identity(publicKey: other.publicKey), name: name, at: Timestamp(seconds: 5))
        }
        #expect(throws: VaultError.slotNameTaken(name)) {
            try vault.write { transaction throws(VaultError) in
                try transaction.addSlot(.recovery(.random()), name: name, at: Timestamp(seconds: 5))
            }
        }
        // Two slots of one key: removing one would leave its holder in.
        #expect(throws: VaultError.slotNameTaken(name)) {
            try vault.write { transaction throws(VaultError) in
                let second = SlotName.free(for: .identity, among: try transaction.snapshot.slots().map(\.name))
                try transaction.addSlot(
                    .identity(publicKey: other.publicKey), name: second, at: Timestamp(seconds: 5))
            }
        }
        let slots = try vault.read { snapshot throws(VaultError) in try snapshot.slots() }
        #expect(slots.map(\.name.description) == ["identity", "alice@work"])
        #expect(slots.last?.addedAt == Timestamp(seconds: 5))
        _ = try VaultFile(path: scratch.path).open(with: .pair(other), stateDirectory: scratch.state)
        try vault.write { transaction throws(VaultError) in try transaction.removeSlot(name) }
        #expect(throws: VaultError.noSlotFits) {
            try VaultFile(path: scratch.path).open(with: .pair(other), stateDirectory: scratch.state)
        }
        #expect(throws: VaultError.lastSlot) {
            try vault.write { transaction throws(VaultError) in
                try transaction.removeSlot(transaction.snapshot.slots()[0].name)
            }
        }
    }

    @Test(arguments: ["", ".a", "-a", "+a", "a b", "ä", "a\n", String(repeating: "a", count: 65)])
    func `a slot's name is plain`(text: String) {
        #expect(SlotName(text) == nil)
        #expect(SlotName("a" + String(repeating: "-", count: 63)) != nil)
    }

    @Test func `slots are tried from the cheapest on, and together ask for no more work than one may`() throws {
        func slot(_ number: Int, _ operations: UInt64, _ memory: UInt64) throws -> Slot {
            let commitment = try #require(Commitment(bytes: [UInt8](repeating: 0, count: Commitment.count)))
            return Slot(
                number: number,
                lock: .passphrase(try Argon2id(operations: operations, memoryBytes: memory), salt: []), publicKey: [],
                box: [], anchorSeal: nil, commitment: commitment)
        }
        let slots = [try slot(1, 9, 1 << 30), try slot(2, 3, 256 << 20), try slot(3, 2, 19 << 20)]
        #expect(slots.sorted(by: Slot.isCheaper).map(\.number) == [3, 2, 1])
        try SlotTable.requireBearable(slots)
        #expect(throws: VaultError.derivation(.workOutOfRange)) {
            try SlotTable.requireBearable(slots + [try slot(4, 2, 256 << 20)])
        }
        // Thirteen of the usual ones fit.
        let usual = try (1...14).map { try slot($0, 3, 256 << 20) }
        try SlotTable.requireBearable(Array(usual.dropLast()))
        #expect(throws: VaultError.derivation(.workOutOfRange)) { try SlotTable.requireBearable(usual) }
    }

    @Test func `a public key survives being passed on, not a wrong character`() {
        let pair = KeyPair.random()
        let text = IdentityFile.text(of: pair.publicKey)
        #expect(IdentityFile.publicKey(from: text) == pair.publicKey)
        #expect(IdentityFile.publicKey(from: text + "7") == nil)
        #expect(IdentityFile.publicKey(from: "REKEEP-IDENTITY-1-" + text.dropFirst(16)) == nil)
        #expect(
            IdentityFile.content(for: Identity(pair: pair)).withBytes { String(decoding: $0, as: UTF8.self) }.contains(
                text))
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

    @Test func `an identity file reads back, whatever stands around the line`() throws {
        let pair = KeyPair.random()
        let vault = NewVault().pin
        let content = IdentityFile.content(for: Identity(pair: pair, vaults: [vault]))
        let read = try #require(IdentityFile.identity(from: content))
        #expect(read.pair.publicKey == pair.publicKey && read.vaults == [vault])
        let wrapped = SecretBytes(Array("# made-up\n\n".utf8) + content.withBytes { Array($0) }.dropLast())
        #expect(IdentityFile.identity(from: wrapped)?.pair.publicKey == pair.publicKey)
        #expect(IdentityFile.identity(from: SecretBytes("REKEEP-IDENTITY-1-AAAA".utf8)) == nil)
        #expect(IdentityFile.identity(from: SecretBytes([])) == nil)
    }
}
