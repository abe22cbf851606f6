import Foundation
import Testing

/// Providers that issue and end keys by API, as a profile of one's own says how.
struct IssueTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal

    private static let profile = #"""
        id: acme
        label: Acme
        variable_prefix: ACME
        rotation: overlap
        max_age: 90d
        lifetime: 365d
        activation_window: 1s
        panel: "Account > Tokens"
        limit: { requests: 50, per: 1s, scope: key }
        fields:
          - { name: token, label: Token, secret: true, role: key, variable: TOKEN, pattern: "^[!-~]+$" }
        environments: { live: "" }
        balance:
          requests:
            - { method: GET, url: "{{base_url}}/v1/account", headers: { Authorization: "Bearer {{token}}" } }
          outcomes:
            rate-limited: [{ status: 429 }]
            bad-credentials: [{ status: 401 }]
            ok: [{ status: 200, json: { pointer: /account/id, exists: true } }]
          identity: /account/id
        issue:
          request: { method: POST, url: "{{base_url}}/v1/tokens", headers: { Authorization: "Bearer {{token}}" } }
          succeeded: [{ status: 201, json: { pointer: /token, type: string } }]
          values: { token: /token }
          expires: /expires_at
        revoke:
          request: { method: DELETE, url: "{{base_url}}/v1/tokens/current", headers: { Authorization: "Bearer {{token}}" } }
          succeeded: [{ status: 204 }]
        samples:
          - { name: account, source: made up, status: 200, body: '{"account":{"id":"a"}}', outcome: ok, identity: a }
        """#

    init() async throws {
        sandbox = try await Sandbox()
        rehearsal = try await Rehearsal()
        try sandbox.write(Self.profile, to: ".config/rekeep/providers/acme.yaml")
        let added = try await sandbox.rekeep(
            "add", "site/live/acme", "--base-url", rehearsal.url + "/bearer/live", "--input", "-",
            input: #"{"token":"\#(rehearsal.bearerToken)"}"#)
        try #require(added.status == 0, "\(added.err)")
        let path = sandbox.file("site.env")
        try #require(await sandbox.rekeep("target", "add", "site/live", "--path", path).status == 0)
        try #require(await sandbox.rekeep("deploy").status == 0)
    }

    private func current() async throws -> String {
        try await sandbox.rekeep("show", "site/live", "--field", "token").out
    }

    private func keys() async throws -> [[String: Any]] {
        try await rehearsal.panel("state", "{}")["keys"] as? [[String: Any]] ?? []
    }

    @Test func `a key is issued, proved, delivered and the old one ended, with nobody in between`() async throws {
        let rotated = try await sandbox.rekeep("rotate", "site/live", "--auto", "--no-input", "--json")
        #expect(rotated.status == 0, "\(rotated.err)")
        let new = try await current()
        #expect(new != rehearsal.bearerToken)
        #expect(try await keys().contains { $0["value"] as? String == new })
        #expect(sandbox.text("site.env").contains(new))
        // What the provider said of its end is kept.
        let expires = try await sandbox.rekeep("status", "--json").objects.first?["expires_at"] as? String
        #expect(expires != nil)
        #expect(!rotated.out.contains(new) && !rotated.err.contains(new))

        // Asked to end it, and then two refusals as ever.
        #expect(try await sandbox.rekeep("retire", "site/live").status == 1)
        #expect(try await sandbox.rekeep("retire", "site/live", "--revoke", "--yes").status == 1)
        let old = try await keys().first { $0["value"] as? String == rehearsal.bearerToken }
        #expect(old?["isRevoked"] as? Bool == true)
        #expect(try await sandbox.rekeep("retire", "site/live", after: "61s").status == 0)
        let log = try await sandbox.rekeep("log")
        #expect(log.out.contains("asks the provider for a key"))
        #expect(log.out.contains("asks the provider to end version 1"))
        #expect(!log.out.contains(new))
        #expect(try await sandbox.rekeep("check").status == 0)
    }

    /// Builds the library that makes calls fail.
    private func shim() async throws -> String {
        let shim = sandbox.file("faults.so")
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Shims/faults.c").path
        try #require(await sandbox.run(["cc", "-shared", "-fPIC", "-o", shim, source, "-ldl"]).status == 0)
        return shim
    }

    private func living() async throws -> Set<String> {
        Set(try await keys().filter { $0["isRevoked"] as? Bool == false }.compactMap { $0["value"] as? String })
    }

    @Test func `an issued key is somewhere, wherever the disk begins to fail`() async throws {
        let shim = try await shim()
        func failing(at number: Int) async throws -> Sandbox.Outcome {
            try await sandbox.run(
                [Sandbox.products + "/rekeep", "rotate", "site/live", "--auto", "--no-input"],
                more: [
                    "LD_PRELOAD": shim, "FAULT_UNDER": sandbox.vault, "FAULT_CALL": "write", "FAULT_AT": "\(number)",
                    "FAULT_ERRNO": "\(ENOSPC)", "FAULT_STAYS": "1", "FAULT_COUNT": sandbox.file("count"),
                ])
        }
        #expect(try await failing(at: 0).status == 0)
        let total = try #require(Int(sandbox.text("count").trimmingCharacters(in: .whitespacesAndNewlines)))
        var kept = 0
        for number in stride(from: 1, through: total, by: 7) {
            let before = try await living()
            let outcome = try await failing(at: number)
            let issued = try await living().subtracting(before)
            if outcome.err.contains("sealed to the vault") { kept += 1 }
            if outcome.status != 0, !issued.isEmpty {
                #expect(!outcome.err.contains("nothing was changed"), "\(number): \(outcome.err)")
            }
            // The next command takes in what had to be left outside.
            let next = try await sandbox.rekeep("verify")
            #expect(next.status == 0, "\(number): \(next.out)\(next.err)")
            let versions =
                try await sandbox.rekeep("show", "site/live", "--json").object["versions"] as? [[String: Any]]
            var stored: Set<String> = []
            for version in versions ?? [] {
                let shown = try await sandbox.rekeep(
                    "show", "site/live", "--version", "\(version["version"] as? Int ?? 0)", "--field", "token",
                    "--reveal")
                stored.insert(shown.out)
            }
            #expect(issued.isSubset(of: stored), "\(number): \(outcome.err)")
            // Whatever stands open is settled before the next.
            if try await sandbox.rekeep("rotate", "--resume", "site/live").status != 0 {
                _ = try await sandbox.rekeep("rotate", "--abort", "site/live", "--yes")
            }
        }
        #expect(kept > 0)
        #expect(try await sandbox.run(["sh", "-c", "ls state/rekeep | grep -q emergency"]).status == 1)
    }

    @Test func `where nothing can be written, the key goes to whoever asked, or is said to be lost`() async throws {
        let shim = try await shim()
        let count = try await keys().count
        // The room is kept; then nothing under the home can be written any more.
        let script = """
            LD_PRELOAD=\(shim) FAULT_UNDER=\(sandbox.directory) FAULT_CALL=write FAULT_AT=$1 FAULT_ERRNO=\(ENOSPC) \
                FAULT_STAYS=1 "$0" rotate site/live --auto --no-input 3>&1 >/dev/null
            """
        try #require(await sandbox.run(["sh", "-c", "mkdir before && cp -a vault.db state before/"]).status == 0)
        // The first failing write is to be the one after the provider's answer: looked for by halves.
        var given: Sandbox.Outcome?
        var (low, high) = (1, 200)
        while given == nil, low <= high {
            let number = (low + high) / 2
            let before = try await keys().count
            let outcome = try await sandbox.run(["sh", "-c", script, Sandbox.products + "/rekeep", "\(number)"])
            if outcome.err.contains("You were given it") { given = outcome }
            if try await keys().count == before { low = number + 1 } else { high = number - 1 }
            // The same disk for each try.
            let putBack = "rm -rf vault.db* state && cp -a before/. ."
            try #require(await sandbox.run(["sh", "-c", putBack]).status == 0)
        }
        let outcome = try #require(given)
        #expect(try await keys().count > count)
        let object = outcome.json as? [String: String]
        let value = try #require(object?["token"])
        #expect(try await keys().contains { $0["value"] as? String == value })
        #expect(!outcome.err.contains(value))
    }

    @Test func `at a terminal the key is asked for room again, and shown after a yes`() async throws {
        let shim = try await shim()
        let full = sandbox.file("full")
        func rotate(_ question: String, _ steps: String) async throws -> Sandbox.Outcome {
            let script = """
                set timeout 60
                set state [list exec curl -sf -d {{}} \(rehearsal.url)/admin/state]
                set before [regexp -all {"value"} [eval $state]]
                spawn env LD_PRELOAD=\(shim) FAULT_UNDER=\(sandbox.directory) FAULT_CALL=write FAULT_AT=1 FAULT_STAYS=1 \
                    FAULT_ERRNO=\(ENOSPC) FAULT_SINCE=\(full) \(Sandbox.products)/rekeep rotate site/live --auto
                \(question)
                for {set tries 0} {[regexp -all {"value"} [eval $state]] == $before} {incr tries} {
                    if {$tries > 1000} { exit 99 }
                    after 20
                }
                exec touch \(full)
                expect "can't be stored anywhere" {} timeout { exit 98 }
                \(steps)
                expect eof
                lassign [wait] pid spawned os status
                exit $status
                """
            return try await sandbox.run(["expect", "-c", script])
        }
        try await rehearsal.fault(#"{"answer_delay_ms":1500}"#, provider: "bearer")
        // No is no answer; the key is still there.
        let shown = try await rotate(
            "",
            """
            send "n\r"
            expect "can't be stored anywhere" { send "yes\r" } timeout { exit 97 }
            """)
        #expect(shown.status == 2, "\(shown.out)")
        let value = shown.out.firstMatch(of: /\{"token":"([^"]+)"\}/)?.1
        let given = try #require(value.map(String.init), "\(shown.out)")
        #expect(try await living().contains(given))
        #expect(shown.out.contains("You were given it"))
        try FileManager.default.removeItem(atPath: full)
        let before = try await living()
        // The key that was shown is not in the vault: asking for another one is a question.
        let stored = try await rotate(
            #"expect "Have you looked in the panel" { send "y\r" } timeout { exit 96 }"#,
            """
            exec rm \(full)
            send "\r"
            """)
        #expect(stored.status == 0, "\(stored.out)")
        #expect(try await living().subtracting(before).contains(current()))
    }

    @Test(arguments: [
        (#"{"status":401}"#, Int32(1)), (#"{"status":503}"#, 69), (#"{"html":true}"#, 69), (#"{"size":2000}"#, 69),
    ])
    func `where none is issued, the old key stays`(fault: String, status: Int32) async throws {
        let count = try await keys().count
        try await rehearsal.fault(fault, provider: "bearer")
        let rotated = try await sandbox.rekeep("rotate", "site/live", "--auto", "--no-input")
        #expect(rotated.status == status, "\(rotated.err)")
        #expect(try await current() == rehearsal.bearerToken)
        #expect(try await keys().count == count)
        #expect(try await sandbox.rekeep("rotate", "--status").out == "No rotation is open.\n")
    }

    @Test func `an issued key is kept, whatever date comes with it`() async throws {
        // The provider says 90 days, where the profile knows no key that lives longer than one.
        let path = ".config/rekeep/providers/acme.yaml"
        try sandbox.write(sandbox.text(path).replacing("lifetime: 365d", with: "lifetime: 1d"), to: path)
        let added = try await sandbox.rekeep(
            "add", "shop/live/acme", "--base-url", rehearsal.url + "/bearer/live", "--input", "-",
            input: #"{"token":"\#(try await rehearsal.regenerate(account: rehearsal.bearerAccount))"}"#)
        try #require(added.status == 0, "\(added.err)")
        let count = try await keys().count
        let rotated = try await sandbox.rekeep("rotate", "shop/live", "--auto", "--no-input")
        #expect(rotated.status == 0, "\(rotated.err)")
        #expect(try await keys().count == count + 1)
        // A date of one's own is looked at before anything is asked for.
        #expect(try await sandbox.rekeep("rotate", "site/live", "--auto", "--expires", "2020-01-01").status == 65)
        #expect(try await keys().count == count + 1)
    }

    @Test func `while a key is on its way, nobody takes the vault away`() async throws {
        try await rehearsal.fault(#"{"stalls":true}"#, provider: "bearer")
        let script = """
            "$0" rotate site/live --auto --no-input >/dev/null 2>&1 & first=$!
            \(try await rehearsal.untilAsked())
            "$0" rekey 2>err; [ $? = 75 ] || exit 8
            "$0" slot remove recovery --yes 2>>err; [ $? = 75 ] || exit 7
            kill -KILL $first
            # Its locks go with it, not with the signal.
            wait $first
            true
            """
        let met = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
        #expect(met.status == 0, "\(sandbox.text("err"))")
        #expect(try await sandbox.rekeep("rekey").status == 0)
    }

    @Test func `a key that another credential uses is not ended`() async throws {
        let added = try await sandbox.rekeep(
            "add", "shop/live/acme", "--base-url", rehearsal.url + "/bearer/live", "--input", "-",
            input: #"{"token":"\#(rehearsal.bearerToken)"}"#)
        try #require(added.status == 0, "\(added.err)")
        #expect(try await sandbox.rekeep("rotate", "site/live", "--auto", "--no-input").status == 0)
        let refused = try await sandbox.rekeep("retire", "site/live", "--revoke", "--yes")
        #expect(refused.status == 2)
        #expect(refused.err.contains("shop/live/acme uses the same key"))
        #expect(try await sandbox.rekeep("check", "shop/**").status == 0)
    }

    @Test func `a profile that does not say how is told apart`() async throws {
        try #require(await sandbox.addBearer("shop/live/bearer", rehearsal).status == 0)
        let rotated = try await sandbox.rekeep("rotate", "shop/live", "--auto", "--no-input")
        #expect(rotated.status == 78)
        #expect(rotated.err.contains("does not say how"))
        #expect(try await sandbox.rekeep("rotate", "site/live", "--auto", "--input", "x").status == 64)
    }

    @Test(arguments: [
        ("succeeded: [{ status: 201, json: { pointer: /token, type: string } }]", "", "issue.succeeded"),
        ("values: { token: /token }", "values: { other: /token }", "issue.values.other"),
        ("method: POST, url", "method: GET, url", "issue.request.method"),
        ("\"{{base_url}}/v1/tokens\"", "\"https://elsewhere.example/v1/tokens\"", "issue.request"),
    ])
    func `a wrong profile is refused at its place`(old: String, new: String, place: String) async throws {
        let path = sandbox.file("wrong.yaml")
        try sandbox.write(Self.profile.replacing(old, with: new), to: "wrong.yaml")
        let validated = try await sandbox.rekeep("providers", "validate", path)
        #expect(validated.status == 78)
        #expect(validated.err.contains(place), "\(validated.err)")
    }

    @Test func `a dry run refuses what the real run refuses`() async throws {
        try #require(await sandbox.addBearer("shop/live/bearer", rehearsal).status == 0)
        #expect(try await sandbox.rekeep("rotate", "shop/live", "--auto", "--dry-run").status == 78)
        #expect(try await sandbox.rekeep("rotate", "shop/live", "--auto").status == 78)
        #expect(try await !sandbox.rekeep("log").out.contains("asks the provider for a key"))
        try await rehearsal.fault(#"{"status":503}"#, provider: "bearer")
        let dry = try await sandbox.rekeep("rotate", "shop/live", "--dry-run", "--json")
        #expect(dry.status == 69)
        #expect(dry.object["old_key"] as? String == "provider-down")
        let many = try await sandbox.rekeep("rotate", "shop/**", "--dry-run", "--json")
        #expect(many.status == 69)
        #expect(many.objects.first?["old_key"] as? String == "provider-down")
    }
}
