import Credentials
import Foundation
import Sealing
import Testing

@testable import Vault

/// A vault with a new key: the same content, nothing that the old key opens.
struct RekeyTests {
    private let scratch: Scratch
    private let leaver = KeyPair.random()
    private let name: SlotName

    init() throws {
        scratch = try Scratch()
        name = try #require(SlotName("leaver"))
        for number in 0..<20 { try scratch.add("app\(number)/live/x", key: "fake-key-\(number)") }
        let vault = try scratch.open()
        let credential = try vault.read { snapshot throws(VaultError) in
            try snapshot.credential(at: scratch.address("app0/live/x"))
        }
        try vault.write { [leaver, name] transaction throws(VaultError) in
            try transaction.addSlot(.identity(publicKey: leaver.publicKey), name: name, at: Timestamp(seconds: 5))
            try transaction.put(
                NegativeControl(
                    provider: "x", environment: "live", endpoint: "api.example", outcome: .badCredentials,
                    at: Timestamp(seconds: 3)))
            try transaction.put([Policy(pattern: scratch.pattern("**"), maxAge: .days(9))])
            try transaction.put(
                Rotation(
                    credential: credential.id, address: credential.addresses[0], mode: .cutover, oldVersion: 1,
                    grace: Span(seconds: 60), at: Timestamp(seconds: 0)))
            try transaction.put(WrongAttempts(host: "api.example", times: [Timestamp(seconds: 7)]))
            // A retired version, whose fingerprint has to be known for ever.
            var retired = credential
            let fingerprint = try transaction.put(
                secret: SecretBytes("fake-retired".utf8), field: "api_key", version: 2, of: credential.id)
            let version = Version(
                number: 2, state: .retired, createdAt: Timestamp(seconds: 0), retiredAt: Timestamp(seconds: 1),
                plain: [:], fingerprints: ["api_key": fingerprint])
            retired.versions.append(version)
            try transaction.put(retired)
            try transaction.retire(version, in: credential.id)
        }
    }

    private func content() throws -> [String] {
        try scratch.open().read { snapshot throws(VaultError) in
            var lines: [String] = []
            try snapshot.forEachCredential { credential throws(VaultError) in
                lines.append("\(credential)")
                for version in credential.versions where !version.isRetired {
                    let secret = try snapshot.secret("api_key", of: version, in: credential.id)
                    lines.append(secret.withBytes { String(decoding: $0, as: UTF8.self) })
                }
            }
            try snapshot.forEachDeployment { lines.append("\($0)") }
            try snapshot.forEachRotation { lines.append("\($0)") }
            try snapshot.forEachLogEntry { lines.append("\($0)") }
            lines.append("\(try snapshot.policies())")
            lines.append("\(try snapshot.attempts(at: "api.example"))")
            lines.append("\(try snapshot.control(provider: "x", environment: "live", endpoint: "api.example") as Any)")
            let retired = snapshot.fingerprint(of: SecretBytes("fake-retired".utf8))
            lines.append("\(try snapshot.holders(of: retired).count)")
            return lines.sorted()
        }
    }

    @Test func `everything is there after re-keying, and verifies`() throws {
        let before = try content()
        try scratch.open().rekey { _ in }
        #expect(try content() == before)
        let report = try scratch.open().read { snapshot throws(VaultError) in try snapshot.verify() }
        #expect(report.findings == [])
        #expect(report.rows.map(\.count) == [20, 20, 20, 20, 21, 1, 1, 1, 1])
    }

    @Test func `the key that a removed holder has known opens nothing of the new vault`() throws {
        let oldKey = try scratch.open(with: .pair(leaver)).key
        let before = try sealed()
        try scratch.open().rekey { [name] transaction throws(VaultError) in try transaction.removeSlot(name) }
        for opener in [Opener.vaultKey(oldKey, slot: nil), .pair(leaver)] {
            #expect(throws: VaultError.noSlotFits) {
                try VaultFile(path: scratch.path).open(with: opener, stateDirectory: scratch.state)
            }
        }
        // Nothing that lay in the file lies there still, in a row or in a free page.
        let after = try Data(contentsOf: URL(filePath: scratch.path))
        for row in before { #expect(after.range(of: Data(row)) == nil) }
        // And with the old subkeys no row opens, even for somebody who skips all checks.
        let front = try VaultRow(reading: Database(path: scratch.path))
        #expect(throws: VaultError.damaged(.header)) {
            try LastingKeys(opening: front.lasting, with: VaultKeys(vaultKey: oldKey), vault: front.vault)
        }
    }

    private func sealed() throws -> [[UInt8]] {
        let database = try Database(path: scratch.path)
        var rows: [[UInt8]] = []
        for table in Table.allCases {
            let statement = try database.statement("SELECT sealed FROM \(table.name)")
            while try statement.step() { rows.append(Array(try statement.bytes(0).prefix(200))) }
        }
        return rows
    }

    @Test func `whoever had the vault open learns that it was re-keyed, and nothing is called damaged`() throws {
        let vault = try scratch.open()
        #expect(try vault.read { $0.generation } > 0)
        try scratch.open().rekey { _ in }
        #expect(throws: VaultError.rekeyed) { try vault.read { $0.generation } }
        #expect(throws: VaultError.rekeyed) { try vault.write { _ in } }
    }

    @Test func `whoever re-keys goes on with the new key`() throws {
        let vault = try scratch.open()
        try vault.rekey { _ in }
        try scratch.add("later/live/x", key: "fake-later", vault: vault)
        #expect(try scratch.secret(at: "later/live/x") == SecretBytes("fake-later".utf8))
        try vault.rekey { _ in }
        #expect(try scratch.secret(at: "later/live/x") == SecretBytes("fake-later".utf8))
    }

    @Test func `a damaged vault is not sealed anew as if it were whole`() throws {
        try scratch.flip("secret", "sealed", at: 30)
        let before = try Data(contentsOf: URL(filePath: scratch.path))
        #expect(throws: VaultError.damaged(.secret)) { try scratch.open().rekey { _ in } }
        #expect(try Data(contentsOf: URL(filePath: scratch.path)) == before)
    }

    @Test func `every kind of slot opens the vault after re-keying`() throws {
        let passphrase = SecretBytes("made-up passphrase".utf8)
        let code = RecoveryCode.random()
        let key = KeyringKey.random()
        let costs = try Argon2id(operations: 2, memoryBytes: 19 << 20)
        try scratch.open().write { transaction throws(VaultError) in
            for request in [SlotRequest.passphrase(passphrase, costs), .recovery(code), .keyring(key)] {
                try transaction.addSlot(
                    request, name: SlotName.free(for: request.kind, among: []), at: Timestamp(seconds: 7))
            }
        }
        try scratch.open().rekey { _ in }
        for opener in [Opener.passphrase(passphrase), .recovery(code), .keyring(key), .pair(leaver)] {
            let vault = try VaultFile(path: scratch.path).open(with: opener, stateDirectory: scratch.state)
            #expect(try vault.read { snapshot throws(VaultError) in try snapshot.verify() }.findings == [])
        }
    }
}
