import Foundation
import Subprocess
import SystemPackage
import Testing

struct RealReaderEditingTests {
    /// `Scripts/fuzz-readers` says what must hold; more of its cases run by themselves.
    @Test func `real readers read an edited file as it is meant, and all else as before`() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let editor = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "target-editor").path
        let result = try await Subprocess.run(
            .path(FilePath(root.appending(path: "Scripts/fuzz-readers").path)), arguments: ["300", "1"],
            environment: .inherit.updating(["REKEEP_TARGET_EDITOR": editor]),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
        #expect(result.terminationStatus.isSuccess, "\(result.standardOutput)\(result.standardError)")
        #expect(result.standardOutput.contains(" 0 wrong"))
    }
}
