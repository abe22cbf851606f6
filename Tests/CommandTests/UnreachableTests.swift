import Foundation
import Testing

/// Real servers that fail in one way each: whoever has no answer is told what became of the request.
struct UnreachableTests {
    private func message(at url: String) async throws -> String? {
        let sandbox = try await Sandbox()
        let added = try await sandbox.rekeep(
            "add", "site/live/bearer", "--base-url", url, "--no-check", "--input", "-",
            input: #"{"token":"fake-token-0123456789","balance_path":"/me"}"#)
        try #require(added.status == 0, "\(added.err)")
        let checked = try await sandbox.rekeep("check", "--json")
        #expect(checked.status == 69)
        #expect(checked.objects.first?["outcome"] as? String == "unreachable", "\(checked.out)")
        return checked.objects.first?["message"] as? String
    }

    @Test(arguments: [
        ("refuses", "http", "nothing takes connections at the provider's address"),
        ("refuses", "https", "nothing takes connections at the provider's address"),
        ("drops", "http", "no connection to the provider within 10 seconds"),
        ("waits", "https", "no connection to the provider within 10 seconds"),
        ("waits", "http", "no answer within 20 seconds"),
        ("resets", "http", "the provider broke the connection off"),
        ("resets-in-body", "http", "the provider broke the connection off"),
        ("closes", "http", "the provider closed the connection without an answer"),
        ("closes-in-head", "http", "the provider closed the connection without an answer"),
        ("cuts", "http", "the connection ended in the middle of the answer"),
        ("cuts-chunks", "http", "the connection ended in the middle of the answer"),
        ("babbles", "http", "what the provider answers is no HTTP"),
        ("babbles", "https", "the provider does not speak TLS as it should"),
        ("closes", "https", "the provider does not speak TLS as it should"),
    ])
    func `each way to fail has its own sentence`(fault: String, scheme: String, sentence: String) async throws {
        let server = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Shims/broken.py").path
        let process = try await ServerProcess("/usr/bin/python3", [server, fault])
        let port = String(decoding: process.opening, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        for host in ["127.0.0.1", "localhost"] {
            #expect(try await message(at: "\(scheme)://\(host):\(port)") == sentence, "\(host)")
        }
    }

    /// No name server is asked for a name that DNS cannot have.
    @Test func `a host that has no address is named so`() async throws {
        let host = String(repeating: "a", count: 64) + ".invalid"
        #expect(try await message(at: "https://\(host)") == "the provider's host name is not found")
    }

    @Test func `a proxy that takes no connections is named, not the provider`() async throws {
        let sandbox = try await Sandbox()
        let added = try await sandbox.rekeep(
            "add", "site/live/bearer", "--base-url", "https://provider.invalid", "--no-check", "--input", "-",
            input: #"{"token":"fake-token-0123456789","balance_path":"/me"}"#)
        try #require(added.status == 0, "\(added.err)")
        let checked = try await sandbox.run(
            [Sandbox.products + "/rekeep", "check", "--json"], more: ["HTTPS_PROXY": "http://127.0.0.1:9"])
        let message = checked.objects.first?["message"] as? String
        #expect(message?.contains("names no proxy that leads there") == true, "\(message ?? "")")
    }
}
