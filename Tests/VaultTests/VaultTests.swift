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
            var entry = try transaction.deploymentRecord(deployment)
            entry.targets.append(
                Target(
                    path: "/canary/path", preset: "whmcs-canary", reader: "canary", mode: 0o640, owner: "canary",
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
                try store.forEach(table, opened: { _, _, _ in }, { _, _ in count += 1 })
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
        let front = try VaultRow(reading: database)
        try VaultRow(vault: front.vault, format: 2, lasting: front.lasting, header: front.header).write(to: database)
        #expect(throws: VaultError.newerFormat(found: 2, known: 1)) { try VaultFile(path: scratch.path) }
    }
}
