import Foundation
import Testing

/// The main job, as a user does it.
struct TourTests {
    @Test func `init at a terminal takes a hidden passphrase, add a hidden key`() async throws {
        let sandbox = try await Sandbox(opens: false)
        let rehearsal = try await Rehearsal()
        let script = """
            set timeout 60
            spawn \(Sandbox.products)/rekeep init
            expect "New passphrase: "
            send "made-up passphrase\\r"
            expect "The same again: "
            send "made-up passphrase\\r"
            expect "Recovery code"
            expect eof
            spawn \(Sandbox.products)/rekeep add whmcs/live/domainnameapi --base-url \(rehearsal.liveURL)
            expect "Passphrase or recovery code: "
            send "made-up passphrase\\r"
            expect "Reseller ID: "
            send "\(rehearsal.reseller)\\r"
            expect "API key (not shown): "
            send "\(rehearsal.liveKey)\\r"
            expect "Stored"
            expect eof
            lassign [wait] pid spawned os status
            exit $status
            """
        let outcome = try await sandbox.run(["expect", "-c", script])
        #expect(outcome.status == 0)
        #expect(outcome.out.contains("Stored whmcs/live/domainnameapi"))
        #expect(!outcome.out.contains("made-up passphrase"))
        #expect(!outcome.out.contains(rehearsal.liveKey))
    }

    @Test func `the recovery code opens the vault, a wrong passphrase does not`() async throws {
        let sandbox = try await Sandbox()
        try sandbox.write("made-up passphrase\n", to: "wrong")
        let hidden = ["REKEEP_IDENTITY": ""]
        let program = Sandbox.products + "/rekeep"
        #expect(
            try await sandbox.run([program, "list", "--passphrase-file", sandbox.file("recovery")], more: hidden).status
                == 0)
        let wrong = try await sandbox.run([program, "list", "--passphrase-file", sandbox.file("wrong")], more: hidden)
        #expect(wrong.status == 77)
        #expect(try await sandbox.run([program, "list"], more: hidden).status == 77)
    }

    @Test func `one rotation writes every deployment of a shared credential, and nothing else`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try sandbox.write("APP=1\n# note\nDOMAINNAMEAPI_API_PASSWORD=old\nLAST=x", to: "whmcs.env")
        try await sandbox.shared(rehearsal)
        let new = try await rehearsal.regenerate()
        let rotated = try await sandbox.rotate(new, "--json")
        #expect(rotated.status == 0, "\(rotated.err)")
        #expect(rotated.object["state"] as? String == "retiring")
        #expect(rotated.object["new_version"] as? Int == 2)
        #expect((rotated.object["targets"] as? [Any])?.count == 2)
        #expect(
            sandbox.text("whmcs.env")
                == "APP=1\n# note\nDOMAINNAMEAPI_API_PASSWORD=\(new)\nLAST=x\nDOMAINNAMEAPI_API_USERNAME=\(rehearsal.reseller)\nDOMAINNAMEAPI_API_TESTMODE=\n"
        )
        #expect(
            sandbox.text("wisecp.env")
                == "# Variables of wisecp/live, kept by rekeep.\nDOMAINNAMEAPI_USERNAME=\(rehearsal.reseller)\nDOMAINNAMEAPI_PASSWORD=\(new)\nDOMAINNAMEAPI_TEST_MODE=0\n"
        )
        let status = try await sandbox.rekeep("status", "--json")
        #expect(status.status == 0)
        #expect(status.objects.map { $0["age_days"] as? Int } == [0, 0])
        #expect(status.objects.allSatisfy { ($0["flags"] as? [String])?.isEmpty == true })
    }

    @Test func `a key activated 200 days ago is overdue, and says so by its exit code`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let status = try await sandbox.rekeep("status", "--json", after: "200d")
        #expect(status.status == 1)
        #expect(status.objects.first?["age_days"] as? Int == 200)
        #expect((status.objects.first?["flags"] as? [String])?.contains("overdue") == true)
        let due = try await sandbox.rekeep("status", "--json", after: "140d")
        #expect((due.objects.first?["flags"] as? [String])?.contains("due") == true)
    }

    @Test func `a policy is stricter than the profile, a credential's own age stricter still`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        #expect(try await sandbox.rekeep("policy", "set", "*/live/*", "--max-age", "90d").status == 0)
        func limit() async throws -> Int? {
            try await sandbox.rekeep("status", "whmcs/**", "--json").objects.first?["max_age_days"] as? Int
        }
        #expect(try await limit() == 90)
        #expect(try await sandbox.rekeep("edit", "whmcs/live", "--max-age", "30d").status == 0)
        #expect(try await limit() == 30)
        #expect(try await sandbox.rekeep("policy", "unset", "*/live/*").status == 0)
        #expect(try await sandbox.rekeep("policy", "unset", "*/live/*").status == 66)
    }

    @Test func `retire refuses while the provider accepts the old key, then wants two refusals a minute apart`()
        async throws
    {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(
            await sandbox.addBearer(
                "site/live/bearer", rehearsal, pointers: ["identity_pointer": "/account/id"]
            ).status == 0)
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        let rotated = try await sandbox.rotateBearer("site/live/bearer", new, "--json")
        #expect(rotated.status == 0, "\(rotated.err)")
        #expect(rotated.object["state"] as? String == "grace")
        let alive = try await sandbox.rekeep("retire", "site/live")
        #expect(alive.status == 1)
        #expect(alive.err.contains("still accepts the old key"))
        #expect(
            (try await sandbox.rekeep("status", "--json", after: "2d").objects.first?["flags"] as? [String])?.contains(
                "old-key-alive") == true)
        try await rehearsal.panel("revoke", #"{"key":"\#(rehearsal.bearerToken)"}"#)
        #expect(try await sandbox.rekeep("retire", "site/live").status == 1)
        #expect(try await sandbox.rekeep("retire", "site/live", after: "30s").status == 1)
        let retired = try await sandbox.rekeep("retire", "site/live", "--json", after: "61s")
        #expect(retired.status == 0, "\(retired.err)")
        #expect(retired.objects.first?["state"] as? String == "retired")
        #expect(try await sandbox.rekeep("retire", "site/live").status == 66)
        // What was retired never comes back.
        let again = try await sandbox.rekeep(
            "rotate", "site/live", "--input", "-", input: #"{"token":"\#(rehearsal.bearerToken)"}"#)
        #expect(again.status == 65)
        #expect(again.err.contains("retired"))
    }

    @Test func `exec becomes the program: its variables, its exit status, its limits`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let outcome = try await sandbox.rekeep(
            "exec", "whmcs/live", "--", "sh", "-c",
            "echo $$ $PPID; printf %s \"$DOMAINNAMEAPI_KEY\"; trap '' PIPE; exit 7")
        #expect(outcome.status == 7)
        #expect(outcome.out.hasSuffix("\n" + rehearsal.liveKey))
        #expect(try await sandbox.rekeep("exec", "whmcs/live", "--", "no-such-program").status == 66)
        #expect(try await sandbox.rekeep("exec", "whmcs/live").status == 64)
        let limits = try await sandbox.run([
            "sh", "-c", "ulimit -Sc 7; exec \"$0\" exec whmcs/live -- sh -c 'ulimit -Sc'", Sandbox.products + "/rekeep",
        ])
        #expect(limits.out == "7\n")
    }

    @Test func `env prints what a file would hold, and masks it on a terminal`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let plain = try await sandbox.rekeep("env", "whmcs/live")
        #expect(
            plain.out
                == "DOMAINNAMEAPI_RESELLER_ID=\(rehearsal.reseller)\nDOMAINNAMEAPI_KEY=\(rehearsal.liveKey)\nDOMAINNAMEAPI_ENVIRONMENT=live\nDOMAINNAMEAPI_BASE_URL=\(rehearsal.liveURL)\n"
        )
        #expect(try await sandbox.rekeep("env", "whmcs/live", "--json").out.contains("\"DOMAINNAMEAPI_KEY\":null"))
        for command in ["env whmcs/live", "show whmcs/live", "show whmcs/live --field api_key"] {
            let shown = try await sandbox.run(["script", "-qec", "\(Sandbox.products)/rekeep \(command)", "/dev/null"])
            #expect(!shown.out.contains(rehearsal.liveKey), "\(command)")
            #expect(shown.out.contains("••••"), "\(command)")
            let revealed = try await sandbox.run([
                "script", "-qec", "\(Sandbox.products)/rekeep \(command) --reveal", "/dev/null",
            ])
            #expect(revealed.out.contains(rehearsal.liveKey), "\(command)")
        }
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == rehearsal.liveKey)
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--json").out.contains("\"api_key\":null"))
    }

    @Test func `list is a tree, link and rename and remove change it`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        #expect(try await sandbox.rekeep("list").out.hasPrefix("whmcs\n  live\n    domainnameapi"))
        #expect(try await sandbox.rekeep("rename", "wisecp/live", "billing/live/domainnameapi").status == 0)
        #expect(
            try await sandbox.rekeep("list", "--json").objects.compactMap { $0["address"] as? String } == [
                "billing/live/domainnameapi", "whmcs/live/domainnameapi",
            ])
        #expect(try await sandbox.rekeep("link", "x/test/domainnameapi", "whmcs/live").status == 65)
        #expect(try await sandbox.rekeep("remove", "billing/live").status == 0)
        // The last address needs a yes, because the key goes with it.
        #expect(try await sandbox.rekeep("remove", "whmcs/live").status == 64)
        #expect(try await sandbox.rekeep("remove", "whmcs/live", "--yes").status == 0)
        #expect(try await sandbox.rekeep("list", "--json").objects.isEmpty)
    }
}
