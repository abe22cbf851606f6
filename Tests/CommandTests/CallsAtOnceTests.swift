import Foundation
import Testing

/// The courier itself, asked for many keys of one host.
struct CallsAtOnceTests {
    private let sandbox: Sandbox

    init() async throws {
        sandbox = try await Sandbox(opens: false)
    }

    /// Asks for the balance of so many keys at a server, and returns the results.
    private func ask(_ count: Int, _ words: String..., limit: String) async throws -> [[String: Any]] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let profile = try String(
            contentsOf: tests.appending(path: "../../Sources/rekeep-courier/Profiles/bearer.yaml"), encoding: .utf8)
        let changed = profile.replacing("limit: { requests: 5, per: 1s, scope: key }", with: "limit: \(limit)")
        try #require(changed != profile)
        try sandbox.write(changed, to: ".config/rekeep/providers/bearer.yaml")
        let server = try await ServerProcess(
            "/usr/bin/python3", [tests.appending(path: "../Shims/slow.py").path] + words)
        let port = String(decoding: server.opening, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let questions = (0..<count).map { number in
            """
            {"id":\(number),"ask":"balance","provider":"bearer","environment":"live",\
            "base_url":"http://127.0.0.1:\(port)","fields":{"token":"fake-token-\(number)","balance_path":"/me"},\
            "secrets":["token"]}

            """
        }
        let asked = try await sandbox.run(
            [Sandbox.products + "/rekeep-courier", "--profiles", sandbox.file(".config/rekeep/providers")],
            input: questions.joined())
        try #require(asked.status == 0, "\(asked.err)")
        return try asked.out.split(separator: "\n").map {
            let reply = try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            return try #require(reply["result"] as? [String: Any])
        }
    }

    @Test func `as many calls as may be under way reach one host together`() async throws {
        let results = try await ask(64, "together", "64", limit: "{ requests: 1000, per: 1s, scope: host }")
        #expect(results.count { $0["outcome"] as? String == "ok" } == 64)
    }

    @Test func `the time of a call is its own, not what it waited for its turn`() async throws {
        let results = try await ask(5, "after", "0.3", limit: "{ requests: 1, per: 1s, scope: host }")
        #expect(results.count { $0["outcome"] as? String == "ok" } == 5)
        let own = results.compactMap { $0["latencyMilliseconds"] as? Int }
        let began = results.compactMap { $0["began"] as? Int }
        let ended = results.compactMap { $0["ended"] as? Int }
        // They went one after another, so that all of them together take no longer than from the first to the last.
        let all = try #require(ended.max()) - #require(began.min())
        #expect(own.count == 5 && own.allSatisfy { $0 >= 300 } && own.reduce(0, +) <= all)
    }
}
