/// A length of time in whole seconds, written as `90d`, `24h`, `15m` or `60s`.
public struct Span: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    /// May be 0, and negative as the difference of two moments.
    public let seconds: Int64

    /// Any number of seconds, also 0 or a negative one.
    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// 100 years, in seconds.
    private static let longest: Int64 = 36_525 * 86_400

    /// Days of 24 hours.
    public static func days(_ days: Int64) -> Span { Span(seconds: days * 86_400) }

    /// Reads `90d`; nil unless it is a positive whole number with the unit d, h, m or s, at most 100 years.
    public init?(_ text: String) {
        let scales: [Character: Int64] = ["d": 86_400, "h": 3600, "m": 60, "s": 1]
        guard let unit = text.last, let scale = scales[unit],
            text.dropLast().utf8.allSatisfy({ (48...57).contains($0) }),
            let number = Int64(text.dropLast()), number > 0, number <= Self.longest / scale
        else { return nil }
        self.init(seconds: number * scale)
    }

    /// The shortest exact spelling.
    public var description: String {
        for (unit, scale) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)] where seconds != 0 && seconds % scale == 0 {
            return "\(seconds / scale)\(unit)"
        }
        return "\(seconds)s"
    }

    /// Whole days, rounded down.
    public var wholeDays: Int64 { seconds / 86_400 }

    /// The shorter one is less.
    public static func < (left: Span, right: Span) -> Bool { left.seconds < right.seconds }

    /// Reads a number of seconds. A negative one becomes 0, and one above 100 years becomes that, so that no number from
    /// outside is too large to calculate with.
    public init(from decoder: any Decoder) throws {
        let seconds = try decoder.singleValueContainer().decode(Int64.self)
        self.init(seconds: min(max(seconds, 0), Self.longest))
    }

    /// Writes the number of seconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(seconds)
    }
}
