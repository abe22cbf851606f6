import Foundation
import Testing

/// Providers that issue and end keys by API, as a profile of one's own says how.
struct IssueTests {
    let sandbox: Sandbox
    let rehearsal: Rehearsal

    static let profile = #"""
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

    func current() async throws -> String {
        try await sandbox.rekeep("show", "site/live", "--field", "token").out
    }

    func keys() async throws -> [[String: Any]] {
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
    func shim() async throws -> String {
        let shim = sandbox.file("faults.so")
        try await sandbox.build("faults.c", to: shim, "-shared", "-fPIC")
        return shim
    }

    func living() async throws -> Set<String> {
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
}
