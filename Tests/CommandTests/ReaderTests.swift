import Foundation
import Testing

/// The second implementation of the format, which knows docs/format.md alone.
struct ReaderTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        .standardizedFileURL.path
    private static let reader = root + "/Scripts/reader.py"

    @Test func `the second reader says the same of every vector`() async throws {
        let sandbox = try await Sandbox(opens: false)
        let made = try await sandbox.run(
            ["python3", "-I", Self.root + "/Tests/Vectors/make.py", sandbox.file("vectors")])
        try #require(made.status == 0, "\(made.err)")
        let outcome = try await sandbox.run([Self.reader, "--vectors", sandbox.file("vectors")])
        #expect(outcome.status == 0, "\(outcome.out)\(outcome.err)")
        #expect(outcome.out.hasSuffix(" passed, 0 failed\n"))
    }

    @Test func `the second reader reads what rekeep wrote, by every kind of slot that it can open`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        try sandbox.write("made-up passphrase\n", to: "passphrase")
        for words in [
            ["policy", "set", "**/live/*", "--max-age", "9d"], ["check"],
            ["slot", "add", "passphrase", "--new-passphrase-file", sandbox.file("passphrase")],
            ["slot", "add", "identity", "--out", sandbox.file("second"), "--name", "second"],
        ] { #expect(try await sandbox.rekeep(words).status == 0, "\(words)") }
        let new = try await rehearsal.regenerate()
        #expect(try await sandbox.rotate(new).status == 0)
        #expect(try await sandbox.rekeep("retire", "whmcs/live", after: "61s").status == 0)
        let values = [
            "whmcs/live/domainnameapi": ["api_key": new], "wisecp/live/domainnameapi": ["api_key": new],
        ]
        for rekeyed in [false, true] {
            if rekeyed {
                #expect(try await sandbox.rekeep("slot", "remove", "second", "--yes").status == 0)
            }
            let seen = try #require(
                try FileManager.default.contentsOfDirectory(atPath: sandbox.file("state/rekeep")).first {
                    $0.hasSuffix(".seen")
                })
            for slot in [
                ["--identity", sandbox.identity], ["--recovery-file", sandbox.file("recovery")],
                ["--passphrase-file", sandbox.file("passphrase")],
            ] {
                let outcome = try await sandbox.run(
                    [Self.reader, sandbox.vault, "--json", "--seen", sandbox.file("state/rekeep/" + seen)] + slot)
                #expect(outcome.status == 0, "\(outcome.err)")
                #expect(outcome.object["values"] as? [String: [String: String]] == values)
                let own = try await sandbox.rekeep("verify", "--json").object
                #expect(outcome.object["generation"] as? Int == own["generation"] as? Int)
                #expect(outcome.object["log_entries"] as? Int == own["log_entries"] as? Int)
            }
        }
    }
}
