import Credentials
import Foundation
import Sealing
import Testing

@testable import Vault

struct FreshnessTests {
    @Test func `many writes in one transaction and many transactions lead to the same readable vault`() throws {
        let scratch = try Scratch()
        let vault = try scratch.open()
        try vault.write { transaction throws(VaultError) in
            for number in 0..<500 {
                guard let address = try? Address("app\(number)/live/x") else { return }
                let credential = Credential(
                    id: .random(), provider: "x", environment: "live", terms: Scratch.terms, hasOwnBaseURL: false,
                    bindings: [Binding(address: address, prefix: nil)],
                    versions: [
                        Version(
                            number: 1, state: .current, createdAt: Timestamp(seconds: 0), plain: [:], fingerprints: [:])
                    ])
                try transaction.put(credential)
            }
        }
        for number in 0..<50 {
            guard let address = try? Address("app\(number * 7)/live/x") else { return }
            try vault.write { transaction throws(VaultError) in
                var credential = try transaction.snapshot.credential(at: address)
                if number % 2 == 0 {
                    credential.note = "changed"
                    try transaction.put(credential)
                } else {
                    try transaction.remove(credential)
                }
            }
        }
        var count = 0
        try scratch.open().read { snapshot throws(VaultError) in
            try snapshot.forEachCredential { _ in count += 1 }
        }
        #expect(count == 475)
    }

    @Test func `the last bucket has an end`() throws {
        let scratch = try Scratch()
        let vault = try scratch.open()
        let id = try #require(CredentialID(bytes: Array(repeating: 0xFF, count: 16)))
        let address = try Address("a/live/x")
        try vault.write { transaction throws(VaultError) in
            try transaction.put(
                Credential(
                    id: id, provider: "x", environment: "live", terms: Scratch.terms, hasOwnBaseURL: false,
                    bindings: [Binding(address: address, prefix: nil)],
                    versions: [
                        Version(
                            number: 1, state: .current, createdAt: Timestamp(seconds: 0), plain: [:], fingerprints: [:])
                    ]))
        }
        #expect(try scratch.open().read { snapshot throws(VaultError) in try snapshot.credential(id) }.id == id)
    }
}

struct RecordTests {
    @Test func `a record that is cut short anywhere is malformed, never a crash`() throws {
        let scratch = try Scratch()
        var credential = try scratch.add("a/live/x@acct")
        credential.lastCheck = Check(
            outcome: .ok, at: Timestamp(seconds: 5), version: 1,
            balances: [try #require(Money(amount: "1.50", currency: "EUR"))],
            identity: "id", latency: 12, status: 200, cause: .other, providerText: "well", retryAfter: .days(1))
        credential.maxAge = .days(3)
        let form = credential.plainForm
        #expect(try Credential(plainForm: form) == credential)
        for count in 0..<form.count {
            #expect(throws: MalformedRecord.self) { try Credential(plainForm: Array(form.prefix(count))) }
        }
        #expect(throws: MalformedRecord.self) { try Credential(plainForm: form + [0]) }
    }

    @Test func `a hostile length asks for no memory`() {
        let hostile: [UInt8] = [1] + Array(repeating: 0xFF, count: 64)
        #expect(throws: MalformedRecord.self) { try Credential(plainForm: hostile) }
        #expect(throws: MalformedRecord.self) { try FingerprintRecord(plainForm: hostile) }
        #expect(throws: MalformedRecord.self) { try DeploymentRecord(plainForm: hostile) }
    }

    @Test func `a rotation keeps everything that a resume needs`() throws {
        var rotation = Rotation(
            credential: .random(), address: try Address("a/live/x"), mode: .cutover, oldVersion: 1,
            grace: Span(seconds: 60), at: Timestamp(seconds: 10))
        rotation.newVersion = 2
        rotation.newKey = Rotation.Probe(outcome: .ok, at: Timestamp(seconds: 11))
        rotation.control = Rotation.Probe(outcome: .badCredentials, at: Timestamp(seconds: 12))
        rotation.oldKeyLastAlive = 1234
        rotation.graceUntil = Timestamp(seconds: 14)
        rotation.oldKeyFirstDead = 1300
        rotation.downtime = Rotation.Downtime(least: 10, most: 15)
        rotation.enter(.staged, at: Timestamp(seconds: 16))
        #expect(try Rotation(plainForm: rotation.plainForm) == rotation)
    }

    @Test func `a target keeps the parts of its delivery apart`() throws {
        let entry = DeploymentRecord(
            deployment: try Deployment("a/live"), addresses: [try Address("a/live/x")],
            targets: [
                Target(
                    path: "/x", preset: "plain", reader: "universal", mode: 0o640, owner: "u", group: "g",
                    hook: ["true", "a b"],
                    delivery: DeliveryState(
                        versions: [.random(): 3], writtenAt: Timestamp(seconds: 1), readBackAt: nil,
                        hookRunAt: Timestamp(seconds: 2), isHookDue: true, problem: .foreign))
            ])
        #expect(try DeploymentRecord(plainForm: entry.plainForm) == entry)
    }
}
