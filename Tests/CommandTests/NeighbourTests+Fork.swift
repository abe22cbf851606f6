import Foundation
import Testing

extension NeighbourTests {
    func generation() async throws -> Int {
        try #require(try await sandbox.rekeep("verify", "--json").object["generation"] as? Int)
    }

    @Test(arguments: [1, 2, 3], [false, true])
    func `copies that went on by themselves are told apart, and both files stay`(changes: Int, rekeyed: Bool)
        async throws
    {
        let elsewhere = ["XDG_STATE_HOME": sandbox.file("elsewhere"), "REKEEP_VAULT": sandbox.file("b.db")]
        try put(try bytes(sandbox.vault), sandbox.file("b.db"))
        let shared = try await generation()
        try #require(try await add("here").status == 0)
        for number in 0..<changes {
            let added = try await sandbox.run(
                [
                    Sandbox.products + "/rekeep", "add", "there\(number)/live/bearer", "--no-check", "--base-url",
                    "https://registrar.example.invalid", "--input", sandbox.file("token.json"),
                ], more: elsewhere)
            try #require(added.status == 0, "\(added.err)")
        }
        if rekeyed {
            try #require(await sandbox.run([Sandbox.products + "/rekeep", "rekey"], more: elsewhere).status == 0)
        }
        let ours = try bytes(sandbox.vault)
        let theirs = try bytes(sandbox.file("b.db"))
        try moveIn(sandbox.file("b.db"))
        for words in [["list"], ["verify"], ["add", "x/live/bearer"], ["show", "there0/live", "--field", "token"]] {
            let outcome = try await sandbox.rekeep(words[0] == "add" ? ["edit", "there0/live", "--note", "x"] : words)
            #expect(outcome.status == 76 && outcome.err.contains("went on by itself"), "\(words): \(outcome.err)")
            #expect(outcome.err.contains("last shared generation \(shared)"), "\(outcome.err)")
        }
        #expect(try bytes(sandbox.vault) == theirs)
        // The other machine does not take ours either.
        try put(ours, sandbox.file("b.db"))
        let other = try await sandbox.run([Sandbox.products + "/rekeep", "list"], more: elsewhere)
        #expect(other.status == 76, "\(other.err)")
        #expect(try await sandbox.rekeep("trust", "--yes").status == 0)
        #expect(try await sandbox.rekeep("list").out.contains("there0"))
        try put(ours, sandbox.file("ours.db"))
        #expect(try await sandbox.rekeep("restore", "ours.db").status == 76)
    }

    @Test func `a copy that went on elsewhere is taken back where nothing was changed meanwhile`() async throws {
        let elsewhere = ["XDG_STATE_HOME": sandbox.file("elsewhere"), "REKEEP_VAULT": sandbox.file("b.db")]
        try put(try bytes(sandbox.vault), sandbox.file("b.db"))
        for words in [["edit", "a/live", "--note", "x"], ["rekey"], ["edit", "a/live", "--note", "y"]] {
            let changed = try await sandbox.run([Sandbox.products + "/rekeep"] + words, more: elsewhere)
            try #require(changed.status == 0, "\(changed.err)")
        }
        try moveIn(sandbox.file("b.db"))
        #expect(try await sandbox.rekeep("verify").status == 0)
        #expect(try await sandbox.rekeep("edit", "a/live", "--note", "z").status == 0)
    }

    @Test func `a key that was retired in one line is erased when another is trusted`() async throws {
        let rehearsal = try await Rehearsal()
        try #require(try await sandbox.add("whmcs/live/domainnameapi", rehearsal).status == 0)
        try put(try bytes(sandbox.vault), sandbox.file("fork.db"))
        try #require(try await sandbox.rotate(try await rehearsal.regenerate()).status == 0)
        try #require(await sandbox.rekeep("retire", "whmcs/live", after: "61s").status == 0)
        for number in 0..<40 {
            let edited = try await sandbox.run(
                [Sandbox.products + "/rekeep", "edit", "whmcs/live", "--note", "\(number)"],
                more: ["XDG_STATE_HOME": sandbox.file("elsewhere"), "REKEEP_VAULT": sandbox.file("fork.db")])
            try #require(edited.status == 0)
        }
        try moveIn(sandbox.file("fork.db"))
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").status == 76)
        let trusted = try await sandbox.rekeep("trust", "--yes")
        #expect(trusted.status == 0 && trusted.err.contains("its key was retired since"), "\(trusted.err)")
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").status == 65)
    }

    @Test func `an older copy that was restored is a fork to who saw more, and can be decided`() async throws {
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        for name in ["b", "c", "d"] { try #require(try await add(name).status == 0) }
        // Another user of the same vault has seen all of it.
        func other(_ words: String...) async throws -> Sandbox.Outcome {
            try await sandbox.run(
                [Sandbox.products + "/rekeep"] + words, more: ["XDG_STATE_HOME": sandbox.file("other")])
        }
        try #require(await other("list").status == 0)
        try #require(await sandbox.rekeep("restore", "copy.db", "--accept-rollback").status == 0)
        #expect(try await sandbox.rekeep("verify").status == 0)
        let told = try await other("list")
        #expect(told.status == 76 && told.err.contains("went on by itself"), "\(told.err)")
        #expect(try await other("trust", "--yes").status == 0)
        #expect(try await other("list").status == 0)
    }

    @Test(arguments: ["renameat2:signal=KILL:when=2", "flock:signal=KILL:when=2"])
    func `a restore that is killed leaves a vault that is known`(fault: String) async throws {
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        for name in ["b", "c", "d"] { try #require(try await add(name).status == 0) }
        // From the exchange of the two files on.
        let killed = try await sandbox.run([
            "strace", "-f", "-qq", "-o", sandbox.file("trace"), "-e", "trace=renameat2,flock,fsync", "-e",
            "inject=\(fault)", Sandbox.products + "/rekeep", "restore", "copy.db", "--accept-rollback",
        ])
        #expect(killed.status == 137, "\(killed.err)")
        for words in [["list"], ["verify"], ["edit", "a/live", "--note", "x"]] {
            let outcome = try await sandbox.rekeep(words)
            #expect(outcome.status == 0, "\(fault), \(words): \(outcome.err)")
        }
    }

    @Test func `what a restore could not put there is not taken for it later`() async throws {
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        for name in ["b", "c"] { try #require(try await add(name).status == 0) }
        let killed = try await sandbox.run([
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=renameat2:signal=KILL:when=1",
            Sandbox.products + "/rekeep", "restore", "copy.db", "--accept-rollback",
        ])
        try #require(killed.status == 137)
        try #require(try await add("d").status == 0)
        let script =
            "for draft in .vault.db.rekeep-draft-*; do case $draft in *.claim) ;; *) mv \"$draft\" vault.db ;; esac; done"
        try #require(await sandbox.run(["bash", "-c", script]).status == 0)
        let outcome = try await sandbox.rekeep("list")
        #expect(outcome.status == 76 && outcome.out.isEmpty, "\(outcome.err)\(outcome.out)")
    }

    @Test func `a record that is gone is missed, however the vault is named`() async throws {
        try put(try bytes(sandbox.vault), sandbox.file("old.db"))
        try #require(try await add("b").status == 0)
        for seen in try records(".seen") { try FileManager.default.removeItem(atPath: seen) }
        try moveIn(sandbox.file("old.db"))
        try #require(await sandbox.run(["sh", "-c", "mkdir work; ln -s . here"]).status == 0)
        for path in ["vault.db", "work/../vault.db", "./here/vault.db", sandbox.vault] {
            for opener in [["--identity", sandbox.identity], ["--passphrase-file", sandbox.file("recovery")]] {
                let outcome = try await sandbox.rekeep(["list", "--vault", path] + opener)
                #expect(outcome.status == 76, "\(path): \(outcome.err)")
            }
        }
    }

    @Test func `what is trusted is what was shown`() async throws {
        try put(try bytes(sandbox.vault), sandbox.file("older.db"))
        let elsewhere = ["XDG_STATE_HOME": sandbox.file("elsewhere"), "REKEEP_VAULT": sandbox.file("b.db")]
        try put(try bytes(sandbox.vault), sandbox.file("b.db"))
        try #require(try await add("b").status == 0)
        for note in ["x", "y", "z"] {
            let edited = try await sandbox.run(
                [Sandbox.products + "/rekeep", "edit", "a/live", "--note", note], more: elsewhere)
            try #require(edited.status == 0)
        }
        try moveIn(sandbox.file("b.db"))
        // While somebody thinks about it, an older copy is written over the same file.
        let script = """
            set timeout 60
            spawn \(Sandbox.products)/rekeep trust
            expect "right vault from now on?"
            exec cp older.db vault.db
            send "y\\r"
            expect eof
            catch wait result
            exit [lindex $result 3]
            """
        let answered = try await sandbox.run(["expect", "-c", script])
        #expect(answered.status == 76, "\(answered.out)")
        #expect(try await sandbox.rekeep("list").status == 76)
    }

    @Test func `a linked directory that leads to another vault by now is noticed`() async throws {
        let other = try await Sandbox()
        try nameNoVault()
        try #require(
            await sandbox.run(["sh", "-c", "mkdir prod test && cp vault.db prod/ && chmod 700 prod test"]).status == 0)
        let key = try #require(
            sandbox.text("identity").split(separator: " ").last { $0.hasPrefix("REKEEP-PUBLIC-1-") }?.split(
                separator: "\n"
            ).first)
        try #require(await other.rekeep("slot", "add", "identity", "--public", String(key)).status == 0)
        try put(try bytes(other.vault), sandbox.file("test/vault.db"))
        #expect(try await sandbox.rekeep("list", "--vault", "prod/vault.db").status == 0)
        #expect(try await sandbox.rekeep("trust", "--yes", "--vault", "test/vault.db").status == 0)
        #expect(try await sandbox.rekeep("list", "--vault", "test/vault.db").status == 0)
        try #require(await sandbox.run(["sh", "-c", "mv prod away && ln -s test prod"]).status == 0)
        #expect(try await sandbox.rekeep("list", "--vault", "prod/vault.db").status == 76)
    }

    @Test func `a draft that somebody exchanged is not written through`() async throws {
        try #require(await sandbox.rekeep("backup", "copy.db").status == 0)
        try sandbox.write("precious", to: "precious")
        let script = """
            "$0" restore copy.db 2>err &
            command=$!
            while kill -0 $command 2>/dev/null; do
              for draft in .vault.db.rekeep-draft-*; do
                case $draft in *.claim|*-journal|*'*') ;; *) ln -f precious "$draft" ;; esac
              done
            done
            wait $command
            """
        for _ in 0..<5 {
            _ = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
            #expect(sandbox.text("precious") == "precious")
            _ = try await sandbox.run(["sh", "-c", "rm -f .vault.db.rekeep-draft-*"])
        }
        #expect(try await sandbox.rekeep("list").status == 0)
    }

    @Test func `long names of hosts leave room for what is remembered`() async throws {
        // A log that another machine wrote: every entry of a host with the longest name.
        let script =
            "hostname \(String(repeating: "h", count: 64)) && for n in $(seq 70); do \"$0\" edit a/live --note $n -q || exit 1; done"
        let edited = try await sandbox.run(
            ["unshare", "-u", "bash", "-c", script, Sandbox.products + "/rekeep"],
            more: ["XDG_STATE_HOME": sandbox.file("elsewhere")])
        // A host's name is root's to change.
        guard edited.status == 0 else { return }
        for _ in 0..<3 {
            let listed = try await sandbox.rekeep("list")
            #expect(listed.status == 0 && listed.err.isEmpty, "\(listed.err)")
        }
    }

    @Test func `an identity line or a variable that is not filled in pins nothing silently`() async throws {
        let empty = try await sandbox.run([Sandbox.products + "/rekeep", "list"], more: ["REKEEP_VAULT_ID": ""])
        #expect(empty.status == 64, "\(empty.err)")
        let other = try #require(try await Sandbox().rekeep("verify", "--json").object["vault_id"] as? String)
        try nameNoVault()
        try put(Data((sandbox.text("identity") + "  " + other.lowercased() + "\n").utf8), sandbox.identity)
        #expect(try await sandbox.rekeep("list").status == 76)
    }
}
