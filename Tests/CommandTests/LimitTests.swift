import Foundation
import Testing

/// Registrars that count: requests in a second, and wrong keys.
struct LimitTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal

    init() async throws {
        sandbox = try await Sandbox(waits: false)
        rehearsal = try await Rehearsal()
    }

    private func state() async throws -> [String: Any] { try await rehearsal.panel("state", "{}") }

    @Test func `four processes together keep the registrar's limit`() async throws {
        // Five a second for the host, as its profile says.
        let profile = ".config/rekeep/providers/bearer.yaml"
        try sandbox.write(sandbox.text(profile).replacing("scope: key", with: "scope: host"), to: profile)
        for number in 1...4 {
            let token = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
            #expect(try await sandbox.addBearer("app\(number)/live/bearer", rehearsal, token: token).status == 0)
            let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
            try sandbox.write(#"{"token":"\#(new)"}"#, to: "new\(number).json")
        }
        let script = """
            for number in 1 2 3 4; do
              { "$0" rotate app$number/live --input new$number.json && "$0" check "app$number/**"; } >/dev/null 2>err$number &
            done
            wait
            """
        #expect(try await sandbox.run(["sh", "-c", script, Sandbox.products + "/rekeep"]).status == 0)
        for number in 1...4 { #expect(try await sandbox.rekeep("check", "app\(number)/**").status == 0) }
        let most = try await state()["mostPerSecond"] as? [String: Int]
        #expect(try #require(most?["bearer/live"]) <= 5)
    }

    @Test func `a check right after an add does not answer itself with 429, and Retry-After is waited for`()
        async throws
    {
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        try await rehearsal.fault(#"{"status":429,"retry_after_s":20}"#, provider: "bearer")
        let impatient = try await sandbox.rekeep("check", "--no-wait", "--json")
        #expect(impatient.status == 69)
        #expect((impatient.objects.first?["message"] as? String)?.contains("to wait 20 s") == true)
        let before = try #require(try await state()["requests"] as? Int)
        // Another process asks nobody until then.
        #expect(try await sandbox.rekeep("check", "--no-wait").status == 69)
        #expect(try await state()["requests"] as? Int == before)
        try await rehearsal.fault("{}", provider: "bearer")
        let patient = try await sandbox.rekeep("check")
        #expect(patient.status == 0, "\(patient.out)")
        #expect(patient.err.contains("The provider asks to slow down; waiting"))
    }

    @Test func `at a registrar that bans, a rotation with slow activation takes one wrong attempt at most`()
        async throws
    {
        // Its own budget and window, as the built-in profile has them.
        try FileManager.default.removeItem(atPath: sandbox.file(".config/rekeep/providers/domainnameapi.yaml"))
        try await sandbox.shared(rehearsal)
        let before = try #require(try await state()["wrongAttempts"] as? Int)
        try await rehearsal.fault(#"{"bans_after":3,"activation_delay_s":6}"#)
        let rotated = try await sandbox.rotate(try await rehearsal.regenerate())
        #expect(rotated.status == 0, "\(rotated.err)")
        #expect(try #require(try await state()["wrongAttempts"] as? Int) - before <= 1)
    }

    @Test func `a wrong paste that spends the budget is told, and the next paste is taken`() async throws {
        let profile = ".config/rekeep/providers/domainnameapi.yaml"
        try sandbox.write(sandbox.text(profile).replacing("most: 1000", with: "most: 3"), to: profile)
        try await sandbox.shared(rehearsal)
        let script = """
            set timeout 60
            spawn \(Sandbox.products)/rekeep rotate whmcs/live/domainnameapi
            expect "no way back" { send "y\r" } timeout { exit 99 }
            expect "not shown" {} timeout { exit 98 }
            set key [exec curl -sf -d {{"account":"\(rehearsal.reseller)","environment":"live"}} \(rehearsal.url)/admin/keys]
            regexp {"value":"([^"]*)"} $key all value
            send "fake-wrong-key-1\r"
            expect "more can lock you out" {} timeout { exit 97 }
            expect "not shown" { send "$value\r" } timeout { exit 96 }
            expect eof
            lassign [wait] pid spawned os status
            exit $status
            """
        let rotated = try await sandbox.run(["expect", "-c", script])
        #expect(rotated.status == 0, "\(rotated.out)")
        #expect(try await sandbox.rekeep("check").status == 0)
    }
}
