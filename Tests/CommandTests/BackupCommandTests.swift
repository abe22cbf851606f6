import Foundation
import Testing

/// `backup` and `restore`, as somebody uses them whose vault is gone.
struct BackupCommandTests {
    @Test func `after an older copy is restored, a retired key is never delivered and a new one can be`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let copy = sandbox.file("copy.db")
        #expect(try await sandbox.rekeep("backup", copy).status == 0)
        let before = try await sandbox.rekeep("verify", "--json").object["generation"] as? Int
        #expect(try await sandbox.rekeep("backup", copy).status == 73)
        #expect(try await sandbox.rekeep("verify", "--json").object["generation"] as? Int == before)
        #expect(try await sandbox.rekeep("backup", sandbox.file("nowhere/copy.db")).status == 73)
        let new = try await rehearsal.regenerate()
        #expect(try await sandbox.rotate(new).status == 0)
        #expect(try await sandbox.rekeep("retire", "whmcs/live", after: "61s").status == 0)

        let refused = try await sandbox.rekeep("restore", copy)
        #expect(refused.status == 76)
        #expect(refused.err.contains("nothing was changed"))
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == new)

        let restored = try await sandbox.rekeep("restore", copy, "--accept-rollback", "--json")
        #expect(restored.status == 0, "\(restored.err)")
        #expect((restored.object["retired"] as? [String])?.first == "whmcs/live/domainnameapi")
        let kept = try #require(restored.object["kept"] as? String)
        #expect(FileManager.default.fileExists(atPath: kept))
        for command in [
            ["env", "whmcs/live"], ["exec", "whmcs/live", "--", "true"], ["show", "whmcs/live", "--field", "api_key"],
        ] {
            let outcome = try await sandbox.rekeep(command)
            #expect(outcome.status == 65, "\(command): \(outcome.err)")
            #expect(outcome.err.contains("was retired and is never used again"))
        }
        #expect(try await sandbox.rekeep("deploy").status != 0)
        #expect(sandbox.text("whmcs.env").contains(new))
        #expect(try await sandbox.rekeep("check", "whmcs/**").status == 1)
        let flags = try await sandbox.rekeep("status", "--json").objects.first?["flags"] as? [String]
        #expect(flags?.contains("retired") == true)
        #expect(try await sandbox.rekeep("verify").status == 0)

        // The key that lives goes back in by the way that a key always takes.
        let rotated = try await sandbox.rotate(new, "--json")
        #expect(rotated.status == 0, "\(rotated.err)")
        #expect(rotated.object["state"] as? String == "done")
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == new)
        #expect(try await sandbox.rekeep("check").status == 0)
        let versions = try await sandbox.rekeep("show", "whmcs/live", "--json").object["versions"] as? [[String: Any]]
        #expect(versions?.compactMap { $0["state"] as? String } == ["retired", "current"])
    }

    @Test func `a copy made while others write is whole`() async throws {
        let sandbox = try await Sandbox()
        let script = """
            for number in $(seq 12); do
              printf '{"token":"fake-%s","balance_path":"/"}' $number >input-$number
              "$0" add app$number/live/bearer --base-url http://127.0.0.1:9 --no-check --input input-$number -q >/dev/null &
            done
            for number in 1 2 3 4; do "$0" backup copy-$number.db -q >/dev/null || exit 1; done
            wait
            """
        #expect(try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"]).status == 0)
        for number in 1...4 {
            let verified = try await sandbox.run(
                [Sandbox.products + "/rekeep", "verify", "--vault", sandbox.file("copy-\(number).db")],
                more: ["XDG_STATE_HOME": sandbox.file("other-state")])
            #expect(verified.status == 0 || verified.err.contains("older copy"), "\(verified.err)")
        }
        #expect(try await sandbox.rekeep("list", "--json").objects.count == 12)
        #expect(try await sandbox.rekeep("verify").status == 0)
    }

    @Test func `a copy opens by what opens the vault, asked once`() async throws {
        let sandbox = try await Sandbox(opens: false)
        try sandbox.write("made-up passphrase\n", to: "passphrase")
        let passphrase = sandbox.file("passphrase")
        try #require(await sandbox.rekeep("init", "--passphrase-file", passphrase).status == 0)
        #expect(try await sandbox.rekeep("backup", "copy.db", "--passphrase-file", passphrase).status == 0)
        try FileManager.default.removeItem(atPath: sandbox.vault)
        #expect(try await sandbox.rekeep("restore", "copy.db", "--no-input").status == 77)
        #expect(!FileManager.default.fileExists(atPath: sandbox.vault))
        #expect(try await sandbox.rekeep("restore", "copy.db", "--passphrase-file", passphrase).status == 0)
        #expect(try await sandbox.rekeep("list", "--passphrase-file", passphrase).status == 0)
        #expect(try await sandbox.rekeep("restore", "nothing.db", "--passphrase-file", passphrase).status == 66)
    }

    @Test func `what a killed restore left beside the vault goes with the next one`() async throws {
        let sandbox = try await Sandbox()
        func drafts() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: sandbox.directory).filter {
                $0.contains(".rekeep-draft-")
            }
        }
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        let killed = try await sandbox.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=renameat2:signal=KILL:when=1"]
                + [Sandbox.products + "/rekeep", "restore", "copy.db"])
        try #require(killed.status == 137, "\(killed.err)")
        #expect(try drafts().count == 2)
        #expect(try await sandbox.rekeep("restore", "copy.db").status == 0)
        #expect(try drafts().isEmpty)
        #expect(try await sandbox.rekeep("verify").status == 0)
    }
}
