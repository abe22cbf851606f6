import Credentials

/// A name that somebody gave. A key that was pasted in a name's place must not come back on the screen, so only what
/// looks like a name is repeated.
enum GivenName {
    /// The name of a field; nil when it could be a key.
    static func field(_ name: String) -> String? {
        let isName =
            name.utf8.count <= 32
            && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
        return isName && isOfWords(name) ? name : nil
    }

    /// An address; nil when it could hold a key.
    static func address(_ name: String) -> String? {
        name.utf8.count <= 128 && name.contains("/") && isOfWords(name) ? name : nil
    }

    /// Patterns; nil when one could be a key.
    static func patterns(_ patterns: [Pattern]) -> String? {
        let texts = patterns.map(\.description)
        let parts = texts.flatMap { $0.filter { $0 != "*" }.split(separator: "/") }
        return parts.allSatisfy { isOfWords(String($0)) } ? texts.joined(separator: " ") : nil
    }

    /// A message without the words of a command line that could be keys: one that was pasted behind a command, say.
    static func hidden(_ words: some Sequence<String>, in message: String) -> String {
        var message = message
        for word in words {
            var values = [word[...]]
            if word.hasPrefix("-") {
                values = word.split(separator: "=", maxSplits: 1)
                // An option's name has dashes where a field's has none.
                if let name = values.first, isOfWords(String(name)) { values.removeFirst() }
            }
            for value in values.map({ $0.trimmingPrefix { $0 == "-" } })
            where value.utf8.count >= 8 && field(value.lowercased()) == nil && !value.contains("/") {
                message = message.replacing(value, with: "…")
            }
        }
        return message
    }

    /// Every part is a word with at most three digits, or a number; random characters are neither for long.
    private static func isOfWords(_ name: String) -> Bool {
        let parts = name.split { "_-./@".contains($0) }
        return !parts.isEmpty
            && parts.allSatisfy { part in
                let digits = part.utf8.count { (48...57).contains($0) }
                let isPlain = part.utf8.allSatisfy {
                    (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0)
                }
                return isPlain && part.utf8.count <= 16 && (digits <= 3 || digits == part.utf8.count)
            }
    }
}
