internal import Foundation

/// How long a provider asks to wait (RFC 9110, section 10.2.3): seconds, or a date.
enum RetryAfter {
    /// The longest that is passed on, in seconds.
    static let longest = 3600

    /// Nil where the answer does not say, or says something else.
    static func seconds(in answer: Answer, now: Date = Date()) -> Int? {
        guard let text = answer.headers.first(where: { $0.name.lowercased() == "retry-after" })?.value else {
            return nil
        }
        let word = text.trimmingCharacters(in: .whitespaces)
        if !word.isEmpty, word.utf8.allSatisfy({ (48...57).contains($0) }) { return min(Int(word) ?? longest, longest) }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let date = format.date(from: word) else { return nil }
        return Int(max(0, min(date.timeIntervalSince(now).rounded(.up), Double(longest))))
    }
}
