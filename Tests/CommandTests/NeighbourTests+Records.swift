import Foundation
import Testing

extension NeighbourTests {
    @Test func `a record of what was seen that is gone or torn is told, and opens nothing silently`() async throws {
        try #require(await sandbox.rekeep("edit", "a/live", "--note", "x").status == 0)
        let seen = try #require(try records(".seen").first)
        let whole = try bytes(seen)
        // The newer of the two records is torn: the older one counts.
        var torn = whole
        let newer =
            torn[8192...].contains { $0 != 0 } && torn[5..<13].lexicographicallyPrecedes(torn[8197..<8205]) ? 8192 : 0
        torn[newer + 60] ^= 0xFF
        try put(torn, seen)
        let warned = try await sandbox.rekeep("list")
        #expect(warned.status == 0 && warned.err.contains("not written whole"), "\(warned.err)")
        #expect(try await sandbox.rekeep("list").err.isEmpty, "it is mended")
        try put(Data(repeating: 0x55, count: whole.count), seen)
        #expect(try await sandbox.rekeep("list").status == 76)
        try put(Data(), seen)
        #expect(try await sandbox.rekeep("list").status == 76)
        try FileManager.default.removeItem(atPath: seen)
        let gone = try await sandbox.rekeep("show", "a/live", "--field", "token")
        #expect(gone.status == 76 && gone.err.contains("is gone") && gone.out.isEmpty, "\(gone.err)")
        #expect(!FileManager.default.fileExists(atPath: seen))
        #expect(try await sandbox.rekeep("trust", "--yes").status == 0)
        #expect(try await sandbox.rekeep("list").err.isEmpty)
    }

    @Test func `records that others could write are not believed`() async throws {
        for (change, back) in [
            ("chmod 666", "chmod 600"), ("chown 65534", "chown 0"), ("ln -f", "rm -f"),
        ] {
            for path in try records(".seen") + records(".vault") {
                guard
                    try await sandbox.run(["sh", "-c", "\(change) '\(path)'" + (change == "ln -f" ? " second" : "")])
                        .status == 0
                else { continue }
                let outcome = try await sandbox.rekeep("list")
                #expect(outcome.status == 76, "\(change) \(path): \(outcome.err)")
                _ = try await sandbox.run(["sh", "-c", back == "rm -f" ? "rm -f second" : "\(back) '\(path)'"])
            }
        }
        #expect(try await sandbox.rekeep("list").status == 0)
        try #require(await sandbox.run(["chmod", "777", sandbox.file("state/rekeep")]).status == 0)
        let open = try await sandbox.rekeep("list")
        #expect(open.status == 77 && open.err.contains("can be written by others"), "\(open.err)")
    }

    @Test func `where nothing can be remembered, a read says so and a write says that it is stored`() async throws {
        let seen = try #require(try records(".seen").first)
        // The vault went on elsewhere, so that there is something to remember.
        let edited = try await sandbox.run(
            [Sandbox.products + "/rekeep", "edit", "a/live", "--note", "elsewhere"],
            more: ["XDG_STATE_HOME": sandbox.file("elsewhere")])
        try #require(edited.status == 0)
        func readOnly(from opening: Int, _ words: [String]) async throws -> Sandbox.Outcome {
            // The openings before only read the record.
            try await sandbox.run(
                [
                    "strace", "-f", "-qq", "-o", "/dev/null", "-P", seen, "-e",
                    "inject=openat:error=EROFS:when=\(opening)+",
                    Sandbox.products + "/rekeep",
                ] + words)
        }
        let read = try await readOnly(from: 2, ["show", "a/live", "--field", "token"])
        #expect(read.status == 0 && read.out == "fake-token-1", "\(read.err)")
        #expect(read.err.contains("can't notice an older or exchanged vault"), "\(read.err)")
        try #require(await sandbox.rekeep("list").status == 0)
        let written = try await readOnly(from: 4, ["edit", "a/live", "--note", "x"])
        #expect(written.status == 73 && written.err.contains("the change is stored"), "\(written.err)")
        #expect(try await sandbox.rekeep("show", "a/live", "--json").out.contains("\"x\""))
        let nowhere = try await sandbox.run(
            [Sandbox.products + "/rekeep", "list"], more: ["XDG_STATE_HOME": "/proc/1/nowhere"])
        #expect(nowhere.status == 76 || nowhere.err.contains("can't notice"), "\(nowhere.err)")
    }
}
