import Credentials
import Foundation
import Sealing
import Testing

@testable import Vault

/// Older copies, other vaults and forged records.
extension TamperTests {
    @Test func `a whole older copy is refused with both numbers`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        try scratch.copy(to: "older")
        try scratch.add("b/live/x")
        try scratch.putBack("older")
        #expect(throws: VaultError.rolledBack(found: 2, lastSeen: 3)) { try everything(scratch) }
    }

    /// The id is readable without a key, and so are the slots' public keys.
    @Test func `a vault that was made with the known one's id is told from it`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        let known = try scratch.open().pin
        let forged = scratch.directory + "/forged"
        try VaultFile.create(
            at: forged, NewVault(id: known.id), slots: [.identity(publicKey: scratch.pair.publicKey)],
            now: Timestamp(seconds: 9))
        let found = try VaultFile(path: forged).open(with: .pair(scratch.pair), stateDirectory: scratch.directory).pin
        #expect(found.id == known.id && found != known)
        #expect(VaultPin(known.description) == known && VaultPin(String(known.description.dropLast())) == nil)
        func expectRefusal(_ opener: Opener, _ acquaintance: Acquaintance, _ witness: Exchange.Witness) throws {
            #expect(throws: VaultError.exchanged(Exchange(found: found, expected: [known], witness: witness))) {
                try VaultFile(path: forged).open(with: opener, as: acquaintance)
            }
        }
        let path = try CanonicalPath.of(scratch.path)
        try expectRefusal(
            .pair(scratch.pair), Acquaintance(stateDirectory: scratch.state, location: .at(path)), .path(path))
        try expectRefusal(
            .pair(scratch.pair), Acquaintance(stateDirectory: scratch.state, location: .at("/elsewhere")), .identity)
        let empty = scratch.directory + "/empty"
        try expectRefusal(
            .pair(scratch.pair), Acquaintance(stateDirectory: empty, location: .nowhere, expected: known), .option)
        try expectRefusal(
            .identity(Identity(pair: scratch.pair, vaults: [known])),
            Acquaintance(stateDirectory: empty, location: .nowhere), .identityFile)
    }

    @Test func `two vaults of one generation are told apart, though neither log has more`() throws {
        let scratch = try Scratch()
        let credential = try scratch.add("a/live/x")
        try scratch.copy(to: "fork")
        for (path, state) in [(scratch.path, scratch.state), (scratch.directory + "/fork", scratch.directory)] {
            try VaultFile(path: path).open(with: .pair(scratch.pair), stateDirectory: state).write {
                transaction throws(VaultError) in try transaction.put(credential)
            }
        }
        try scratch.putBack("fork")
        #expect(throws: VaultError.self) { try everything(scratch) }
        do {
            try everything(scratch)
        } catch VaultError.forked(let fork) {
            #expect(fork.found == 3 && fork.lastSeen == 3)
        }
    }

    @Test func `a forged last-seen record is noticed`() throws {
        let scratch = try Scratch()
        try scratch.add("a/live/x")
        let files = try FileManager.default.contentsOfDirectory(atPath: scratch.state)
        let path = scratch.state + "/" + (try #require(files.first { $0.hasSuffix(".seen") }))
        var record = try Data(contentsOf: URL(filePath: path))
        // In both of its places.
        record[20] ^= 1
        record[8192 + 20] ^= 1
        try record.write(to: URL(filePath: path))
        #expect(throws: VaultError.recordRefused(path: path, .forged)) { try everything(scratch) }
    }
}
