import Foundation
import Testing

/// A sample of `Scripts/flips`, which tries every bit.
struct FlipTests {
    @Test func `a flipped bit of the vault, or of a killed writer's journal, is noticed or harmless`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        #expect(try await flip(sandbox, stride: 2999) > 200)
        try sandbox.write(#"{"token":"fake-token","balance_path":"/"}"#, to: "input.json")
        let killed = try await sandbox.run([
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=unlink", "-e", "inject=unlink:signal=KILL:when=1",
            Sandbox.products + "/rekeep", "add", "site/live/bearer", "--base-url", "http://127.0.0.1:9", "--no-check",
            "--input", sandbox.file("input.json"),
        ])
        try #require(killed.status == 137)
        try #require(FileManager.default.fileExists(atPath: sandbox.vault + "-journal"))
        #expect(try await flip(sandbox, stride: 1999) > 200)
    }

    /// - Returns: how many bits were flipped.
    private func flip(_ sandbox: Sandbox, stride: Int) async throws -> Int {
        let script = "rm -rf flips; mkdir -p flips/state; cp vault.db* flips/"
        try #require(await sandbox.run(["sh", "-c", script]).status == 0)
        let outcome = try await sandbox.run([
            Sandbox.products + "/bit-flips", sandbox.file("flips/vault.db"), sandbox.identity,
            sandbox.file("flips/state"), "0", "\(stride)",
        ])
        #expect(outcome.status == 0, "\(outcome.out)")
        let counts = outcome.out.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1) }
        #expect(counts.contains { $0.last?.hasPrefix("harmless") == true })
        #expect(counts.contains { $0.last == "record" })
        return counts.compactMap { Int($0.first ?? "") }.reduce(0, +)
    }
}
