import Credentials
import Foundation
import Sealing
import Testing

@testable import Vault

/// Copies, and what happens when one takes the vault's place.
struct BackupTests {
    private let scratch: Scratch
    private var backup: String { scratch.directory + "/backup" }
    private let entry = LogEntry(
        at: Timestamp(seconds: 9), user: 0, host: "h", action: .restore, subject: "", outcome: .done)

    init() throws {
        scratch = try Scratch()
        try scratch.add("a/live/x", key: "fake-first")
    }

    private func backUp() throws {
        #expect(try scratch.open().backUp(to: backup).findings == [])
    }

    @discardableResult
    private func restore(_ file: String? = nil, acceptingRollback: Bool = false) throws -> Restoration.Report {
        let source = try CopyToRestore(of: file ?? backup, to: scratch.path)
        let place = Acquaintance(stateDirectory: scratch.state, location: try source.rememberedLocation)
        let restoration = try Restoration(of: source) { file throws(VaultError) in
            try file.open(with: .pair(scratch.pair), as: place)
        }
        return try restoration.finish(
            acceptingRollback: acceptingRollback, at: Timestamp(seconds: 9), entry: entry)
    }

    private func retireFirst() throws {
        try scratch.open().write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(at: scratch.address("a/live/x"))
            let fingerprint = try transaction.put(
                secret: SecretBytes("fake-second".utf8), field: "api_key", version: 2, of: credential.id)
            try transaction.retire(credential.versions[0], in: credential.id)
            credential.update(version: 1) {
                $0.state = .retired
                $0.retiredAt = Timestamp(seconds: 8)
            }
            credential.versions.append(
                Version(
                    number: 2, state: .current, createdAt: Timestamp(seconds: 8), plain: [:],
                    fingerprints: ["api_key": fingerprint]))
            try transaction.put(credential)
        }
    }

    @Test func `a backup is whole, private and never over another file`() throws {
        try backUp()
        let mode = try FileManager.default.attributesOfItem(atPath: backup)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(throws: VaultError.alreadyExists(path: backup)) { try backUp() }
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.directory)
        #expect(names.sorted() == ["backup", "state", "vault.db"])
    }

    @Test func `a damaged vault makes no backup`() throws {
        try scratch.flip("secret", "sealed", at: 30)
        #expect(throws: VaultError.damaged(.secret)) { try backUp() }
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.directory)
        #expect(names.sorted() == ["state", "vault.db"])
    }

    @Test func `a lost vault comes back`() throws {
        try backUp()
        try FileManager.default.removeItem(atPath: scratch.path)
        let outcome = try restore()
        #expect(outcome.kept == nil && outcome.retired.isEmpty)
        #expect(try scratch.secret(at: "a/live/x") == SecretBytes("fake-first".utf8))
    }

    @Test func `a newer vault is never replaced silently, and is kept when it is`() throws {
        try backUp()
        try scratch.add("b/live/x", key: "fake-other")
        let before = try Data(contentsOf: URL(filePath: scratch.path))
        #expect(throws: VaultError.olderThanVault(copy: 2, newest: 3)) { try restore() }
        #expect(try Data(contentsOf: URL(filePath: scratch.path)) == before)
        let kept = try #require(try restore(acceptingRollback: true).kept)
        #expect(try Data(contentsOf: URL(filePath: kept)) == before)
        #expect(throws: VaultError.self) { try scratch.secret(at: "b/live/x") }
        #expect(try scratch.open().read { $0.generation } == 4)
        // Both older copies stay refused.
        for old in [kept, backup] {
            #expect(throws: VaultError.self) {
                try VaultFile(path: old).open(with: .pair(scratch.pair), stateDirectory: scratch.state).read {
                    $0.generation
                }
            }
        }
    }

    @Test func `the last generation seen counts where the vault itself is gone`() throws {
        try backUp()
        try scratch.add("b/live/x", key: "fake-other")
        try FileManager.default.removeItem(atPath: scratch.path)
        #expect(throws: VaultError.olderThanVault(copy: 2, newest: 3)) { try restore() }
    }

    /// Once with the newer vault there to ask, once with what is remembered outside of it.
    @Test(arguments: [true, false])
    func `a retired secret stays undeliverable after a restore`(isVaultThere: Bool) throws {
        try backUp()
        try retireFirst()
        if isVaultThere {
            for name in try FileManager.default.contentsOfDirectory(atPath: scratch.state)
            where name.hasSuffix("retired") {
                try FileManager.default.removeItem(atPath: scratch.state + "/" + name)
            }
        } else {
            try FileManager.default.removeItem(atPath: scratch.path)
        }
        let retired = try restore(acceptingRollback: true).retired
        #expect(retired.map(\.addresses) == [[try Address("a/live/x")]])
        let address = try Address("a/live/x")
        #expect(throws: VaultError.retiredSecret(of: address)) { try scratch.secret(at: "a/live/x") }
        let report = try scratch.open().read { snapshot throws(VaultError) in try snapshot.verify() }
        #expect(report.findings == [])
        #expect(report.rows.first { $0.table == "secret" }?.count == 0)
    }

    @Test func `what is dead in one credential lives on in another, and in the same one's newer version`() throws {
        try scratch.add("b/live/x", key: "fake-first")
        try retireFirst()
        try scratch.open().write { transaction throws(VaultError) in
            // A second secret that both versions share.
            var credential = try transaction.snapshot.credential(at: scratch.address("b/live/x"))
            let fingerprint = try transaction.put(
                secret: SecretBytes("fake-first".utf8), field: "api_key", version: 2, of: credential.id)
            credential.versions.append(
                Version(
                    number: 2, state: .previous, createdAt: Timestamp(seconds: 8), plain: [:],
                    fingerprints: ["api_key": fingerprint]))
            try transaction.put(credential)
            try transaction.retire(credential.versions[1], in: credential.id)
            credential.update(version: 2) {
                $0.state = .retired
                $0.retiredAt = Timestamp(seconds: 9)
            }
            try transaction.put(credential)
        }
        try backUp()
        #expect(try restore().retired.isEmpty)
        #expect(try scratch.secret(at: "b/live/x") == SecretBytes("fake-first".utf8))
        #expect(try scratch.secret(at: "a/live/x") == SecretBytes("fake-second".utf8))
    }

    @Test func `a slot that was removed since stays removed, and its key opens nothing new`() throws {
        let leaver = KeyPair.random()
        let name = try #require(SlotName("leaver"))
        try scratch.open().write { transaction throws(VaultError) in
            try transaction.addSlot(.identity(publicKey: leaver.publicKey), name: name, at: Timestamp(seconds: 5))
        }
        let oldKey = try scratch.open(with: .pair(leaver)).key
        try backUp()
        try scratch.open().rekey { transaction throws(VaultError) in try transaction.removeSlot(name) }
        let outcome = try restore(acceptingRollback: true)
        #expect(outcome.removedSlots == [name])
        #expect(outcome.slots.map(\.name.description) == ["identity"])
        for opener in [Opener.pair(leaver), .vaultKey(oldKey, slot: nil)] {
            #expect(throws: VaultError.noSlotFits) {
                try VaultFile(path: scratch.path).open(with: opener, stateDirectory: scratch.state)
            }
        }
        #expect(try scratch.secret(at: "a/live/x") == SecretBytes("fake-first".utf8))
    }

    @Test func `a vault that does not open any more is told apart from a wrong opener`() throws {
        try backUp()
        let other = KeyPair.random()
        try scratch.open().rekey { transaction throws(VaultError) in
            let own = try transaction.snapshot.slots()[0].name
            let name = SlotName.free(for: .identity, among: [own])
            try transaction.addSlot(.identity(publicKey: other.publicKey), name: name, at: Timestamp(seconds: 5))
            try transaction.removeSlot(own)
        }
        #expect(throws: VaultError.olderThanVault(copy: 2, newest: 3)) { try restore() }
        try restore(acceptingRollback: true)
        #expect(try scratch.secret(at: "a/live/x") == SecretBytes("fake-first".utf8))
    }

    @Test func `what a try before left behind does not stand in the way`() throws {
        try backUp()
        try Data("left".utf8).write(to: URL(filePath: scratch.path + ".replaced-3"))
        #expect(try restore().kept == scratch.path + ".replaced-3-2")
        #expect(try scratch.secret(at: "a/live/x") == SecretBytes("fake-first".utf8))
    }

    @Test func `a damaged copy is refused before anything is replaced`() throws {
        try backUp()
        let database = try Database(path: backup)
        try database.run("DELETE FROM address")
        let before = try Data(contentsOf: URL(filePath: scratch.path))
        #expect(throws: VaultError.damaged(.freshness(table: "address"))) { try restore(acceptingRollback: true) }
        #expect(try Data(contentsOf: URL(filePath: scratch.path)) == before)
    }

    @Test func `a damaged vault can be replaced, and another vault cannot`() throws {
        try backUp()
        try scratch.flip("vault", "header", at: 30)
        try restore()
        #expect(try scratch.secret(at: "a/live/x") == SecretBytes("fake-first".utf8))
        let other = try Scratch()
        try FileManager.default.removeItem(atPath: scratch.path)
        try FileManager.default.copyItem(atPath: other.path, toPath: scratch.path)
        #expect(throws: VaultError.otherVault(path: scratch.path)) { try restore(acceptingRollback: true) }
        try Database(path: scratch.path).run("PRAGMA application_id = 1")
        #expect(throws: VaultError.otherVault(path: scratch.path)) { try restore(acceptingRollback: true) }
    }

    @Test func `whoever had the vault open changes nothing after a restore`() throws {
        try backUp()
        let vault = try scratch.open()
        try scratch.add("b/live/x", key: "fake-other")
        try restore(acceptingRollback: true)
        #expect(throws: VaultError.rolledBack(found: 3, lastSeen: 4)) { try scratch.add("c/live/x", vault: vault) }
    }

    @Test func `a journal that the old file left is not rolled back into the restored one`() throws {
        try backUp()
        try Data("old journal".utf8).write(to: URL(filePath: scratch.path + "-journal"))
        try scratch.flip("vault", "header", at: 30)
        try restore()
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "-journal"))
        #expect(try scratch.secret(at: "a/live/x") == SecretBytes("fake-first".utf8))
    }

    @Test func `a retired record that a crash cut short is written over, a forged one is noticed`() throws {
        try retireFirst()
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: scratch.state).first { $0.hasSuffix("retired") })
        let path = scratch.state + "/" + name
        let whole = try Data(contentsOf: URL(filePath: path))
        #expect(whole.count == 64)
        try (whole + Data([1, 2, 3])).write(to: URL(filePath: path))
        let vault = try scratch.open()
        #expect(try vault.state.retired().count == 1)
        let other = RetiredSecret(
            fingerprint: try #require(Fingerprint(bytes: Array(repeating: 7, count: 16))), credential: .random())
        try vault.state.retire([other, other])
        #expect(try vault.state.retired().count == 2)
        var forged = whole
        forged[20] ^= 1
        try forged.write(to: URL(filePath: path))
        #expect(throws: VaultError.recordRefused(path: path, .forged)) { try vault.state.retired() }
    }
}
