import Foundation
import Subprocess
import SystemPackage
import Testing

/// A server's process, for as long as the value lives.
final class ServerProcess {
    private let processIdentifier: pid_t
    /// The line by which the server said that it listens.
    let opening: Data

    init(_ program: String, _ words: [String] = [], environment: Environment = .inherit) async throws {
        let (openings, opened) = AsyncStream<(child: pid_t, line: Data)>.makeStream()
        Task {
            defer { opened.finish() }
            // Reads to the end, which is the server's end; then the child is reaped.
            _ = try await Subprocess.run(
                .path(FilePath(program)), arguments: Arguments(words), environment: environment, input: .none,
                output: .sequence, error: .discarded
            ) { execution in
                var line = Data()
                for try await chunk in execution.standardOutput where !line.contains(10) {
                    line += chunk.withUnsafeBytes { Data($0) }
                    if line.contains(10) { opened.yield((child: execution.processIdentifier.value, line: line)) }
                }
            }
        }
        var first = openings.makeAsyncIterator()
        let begun = await first.next()
        (processIdentifier, opening) = try #require(begun)
    }

    deinit { kill(processIdentifier, SIGKILL) }
}
