internal import CLinux
public import Sealing

/// A POSIX extended regular expression over bytes. It is matched where the secret lies, without a copy.
public final class FieldPattern: @unchecked Sendable {
    private var expression = regex_t()

    /// Nil when `text` is not a regular expression.
    public init?(_ text: String) {
        guard !text.utf8.contains(0), regcomp(&expression, text, REG_EXTENDED) == 0 else { return nil }
    }

    deinit {
        regfree(&expression)
    }

    /// True when the expression describes the whole value, with or without `^` and `$`.
    public func fits(_ value: SecretBytes) -> Bool {
        // POSIX takes the leftmost and of those the longest match: if any is the whole value, then this one.
        value.withBytes { bytes in match(bytes) == 0..<bytes.count }
    }

    /// True when the expression is found anywhere in the text.
    public func isFound(in text: String) -> Bool {
        var text = text
        return text.withUTF8 { match(UnsafeRawBufferPointer($0)) != nil }
    }

    /// Where it matches. The bytes need no zero at their end, and one among them does not end them.
    private func match(_ bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        var range = regmatch_t(rm_so: 0, rm_eo: regoff_t(bytes.count))
        let empty: [CChar] = [0]
        let status = empty.withUnsafeBufferPointer { none in
            let start = bytes.assumingMemoryBound(to: CChar.self).baseAddress ?? none.baseAddress
            return start.map { regexec(&expression, $0, 1, &range, REG_STARTEND) }
        }
        return status == 0 ? Int(range.rm_so)..<Int(range.rm_eo) : nil
    }
}
