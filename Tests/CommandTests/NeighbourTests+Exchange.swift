import Foundation
import Testing

extension NeighbourTests {
    /// A vault of somebody who knows the identity's public key: it opens with the identity.
    func attackersVault() async throws -> Sandbox {
        let attacker = try await Sandbox()
        let line = try #require(
            sandbox.text("identity").split(separator: "\n").first { $0.contains("REKEEP-PUBLIC-1-") })
        let key = try #require(line.split(separator: " ").last)
        try #require(await attacker.rekeep("slot", "add", "identity", "--public", String(key)).status == 0)
        try #require(try await add("a", to: attacker).status == 0)
        return attacker
    }

    func records(_ ending: String) throws -> [String] {
        let directory = sandbox.file("state/rekeep")
        return try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(ending) }
            .map { directory + "/" + $0 }
    }

    /// The identity as `slot keygen` makes it: it names no vault.
    func nameNoVault() throws {
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
        #expect(try await sandbox.rekeep("trust", "--json").object["doubt"] is NSNull)
        #expect(try await sandbox.rekeep("log", "--json").objects.contains { $0["action"] as? String == "trust" })
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
}
