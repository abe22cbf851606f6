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
        ("refuses", "http", "nothing takes connections at HOST; look at the base URL and its port, or try again later"),
        (
            "refuses", "https",
            "nothing takes connections at HOST; look at the base URL and its port, or try again later"
        ),
        (
            "drops", "http",
            "no connection to HOST within 10 seconds; look at this machine's network and firewall, or try again later"
        ),
        (
            "waits", "https",
            "no connection to HOST within 10 seconds; look at this machine's network and firewall, or try again later"
        ),
        ("waits", "http", "no answer from HOST within 20 seconds; try again later"),
        (
            "resets", "http",
            "HOST broke the connection off; try again later, and look for a firewall on the way if it stays so"
        ),
        (
            "resets-in-body", "http",
            "HOST broke the connection off; try again later, and look for a firewall on the way if it stays so"
        ),
        ("closes", "http", "HOST closed the connection without an answer; try again later"),
        ("closes-in-head", "http", "HOST closed the connection without an answer; try again later"),
        ("cuts", "http", "the connection to HOST ended in the middle of the answer; try again later"),
        ("cuts-chunks", "http", "the connection to HOST ended in the middle of the answer; try again later"),
        ("babbles", "http", "what HOST answers is no HTTP; look at the base URL and its port"),
        (
            "babbles", "https",
            "HOST does not speak TLS as it should; look at the base URL and its port, or try again later"
        ),
        (
            "closes", "https",
            "HOST does not speak TLS as it should; look at the base URL and its port, or try again later"
        ),
    ])
    func `each way to fail has its own sentence`(fault: String, scheme: String, sentence: String) async throws {
        let server = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Shims/broken.py").path
        let process = try await ServerProcess("/usr/bin/python3", [server, fault])
        let port = String(decoding: process.opening, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        for host in ["127.0.0.1", "localhost"] {
            #expect(try await message(at: "\(scheme)://\(host):\(port)") == sentence.replacing("HOST", with: host))
        }
    }

    /// No name server is asked for a name that DNS cannot have.
    @Test func `a host that has no address is named so`() async throws {
        let host = String(repeating: "a", count: 64) + ".invalid"
        #expect(
            try await message(at: "https://\(host)")
                == "\(host) is not found; look at the base URL and at this machine's name server")
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
