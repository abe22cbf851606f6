import Credentials
import Files
import Glibc

/// How often a passphrase was asked for lately, so that somebody who does not know of sessions hears of them.
enum PassphraseQuestions {
    private static let recent = Span(seconds: 3600)
    private static let enough = 3

    /// Counts one more. The times lie in a file of the state directory, a line each; without it nothing is said.
    /// - Returns: true when it is the third within an hour; then counting begins anew.
    static func isThird(in directory: String, now: Timestamp) -> Bool {
        let path = directory + "/asked"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard let bytes = try? Descriptors.readAll(descriptor, atMost: 4096) else { return false }
        var times = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Int64($0) }
            .map(Timestamp.init(seconds:)).filter { $0 <= now && now - $0 < recent }
        times.append(now)
        let isThird = times.count >= enough
        let text = isThird ? "" : times.map { "\($0.seconds)\n" }.joined()
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { return false }
        try? Descriptors.writeAll(descriptor, ArraySlice(Array(text.utf8)))
        return isThird
    }
}
