import Foundation
import Subprocess
import SystemPackage
import Testing

/// What the pages tell their readers to type.
struct DocsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        .standardizedFileURL.path

    private static let pages: [String] = {
        let docs = (try? FileManager.default.contentsOfDirectory(atPath: root + "/docs")) ?? []
        return ["README.md", "CONTRIBUTING.md"] + docs.filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }.sorted()
    }()

    @Test(arguments: pages) func `every command of a page does what the page says`(page: String) async throws {
        let result = try await Subprocess.run(
            .path("/usr/bin/python3"),
            arguments: [Self.root + "/Tests/Docs/run.py", Sandbox.products, Self.root + "/" + page],
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        #expect(result.terminationStatus.isSuccess, "\(result.standardOutput)\(result.standardError)")
        #expect(result.standardOutput.contains(" 0 wrong"))
        if ["README.md", "docs/operations.md"].contains(page) {
            #expect(!result.standardOutput.contains(": 0 commands"))
        }
    }

    @Test func `no command stands where it is not run`() throws {
        for page in Self.pages {
            let text = try String(contentsOfFile: Self.root + "/" + page, encoding: .utf8)
            var isFenced = false
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasPrefix("```") { isFenced.toggle() }
                #expect(isFenced || !line.hasPrefix("    rekeep ") && !line.hasPrefix("    $ "), "\(page): \(line)")
            }
        }
    }
}
