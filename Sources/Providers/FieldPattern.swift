internal import CLinux
public import Sealing

/// A POSIX extended regular expression over bytes. It is matched where the secret lies, without a copy.
public final class FieldPattern: @unchecked Sendable {
    private var expression = regex_t()

    /// Nil when `text` is not a regular expression.
    public init?(_ text: String) {
        guard regcomp(&expression, text, REG_EXTENDED | REG_NOSUB) == 0 else { return nil }
    }

    deinit {
        regfree(&expression)
    }

    /// True when the expression is found in the value.
    public func matches(_ value: SecretBytes) -> Bool {
        value.withCString { regexec(&expression, $0, 0, nil, 0) == 0 }
    }

    /// True when the expression is found in the text.
    public func matches(_ text: String) -> Bool {
        regexec(&expression, text, 0, nil, 0) == 0
    }
}
