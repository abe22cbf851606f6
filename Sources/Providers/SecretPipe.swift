internal import Sealing
internal import Subprocess

extension SecretBytes {
    /// Writes the secret to a child's standard input from where it lies, without a copy in an array.
    func write(to writer: StandardInputWriter) async throws {
        try await lendBytes { _ = try await writer.write($0.bytes) }
    }
}
