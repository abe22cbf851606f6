/// A moment in whole seconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    /// Negative before 1970.
    public let seconds: Int64

    /// Any moment, also one before 1970.
    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Reads `2027-01-31` as the first moment of that day in UTC; nil when it is no date.
    public init?(date text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 4, parts[1].utf8.count == 2, parts[2].utf8.count == 2,
            let year = Int64(parts[0]), let month = Int64(parts[1]), let day = Int64(parts[2]),
            (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        self.init(seconds: Self.days(year, month, day) * 86_400)
        guard date == text else { return nil }
    }

    /// The first moment of the day with which `text` begins: every provider writes that first, and it is enough.
    public init?(dayOf text: String) { self.init(date: String(text.prefix(10))) }

    /// Reads seconds since 1970. What lies outside of the years 1970 to 9999 becomes the nearest moment in them, so that
    /// no number from outside is too large to calculate with.
    public init(from decoder: any Decoder) throws {
        let seconds = try decoder.singleValueContainer().decode(Int64.self)
        self.init(seconds: min(max(seconds, 0), Self.days(10_000, 1, 1) * 86_400 - 1))
    }

    /// Writes seconds since 1970.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(seconds)
    }

    /// RFC 3339 in UTC, such as `2026-11-21T07:30:00Z`.
    public var description: String {
        let second = seconds.mod(86_400)
        return date + "T" + Self.digits((second / 3600, 2), (second / 60 % 60, 2), (second % 60, 2), between: ":") + "Z"
    }

    /// The day in UTC, such as `2026-11-21`.
    public var date: String {
        // The civil calendar from a day count; H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let shifted = seconds.floored(by: 86_400) + 719_468
        let era = shifted.floored(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        guard (0...9999).contains(year) else { return "\(year)-" + Self.digits((month, 2), (day, 2), between: "-") }
        return Self.digits((year, 4), (month, 2), (day, 2), between: "-")
    }

    /// Numbers with so many digits each. A long list shows a hundred thousand dates: no text is made on the way.
    private static func digits(_ parts: (number: Int64, width: Int)..., between mark: Unicode.Scalar) -> String {
        String(unsafeUninitializedCapacity: parts.reduce(parts.count - 1) { $0 + $1.width }) { buffer in
            var end = 0
            for (number, width) in parts {
                if end > 0 {
                    buffer[end] = UInt8(ascii: mark)
                    end += 1
                }
                var rest = number
                for index in (end..<end + width).reversed() {
                    buffer[index] = UInt8(48 + rest % 10)
                    rest /= 10
                }
                end += width
            }
            return end
        }
    }

    /// The earlier one is less.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.seconds < right.seconds }

    /// The moment that is `span` later.
    public static func + (time: Timestamp, span: Span) -> Timestamp {
        Timestamp(seconds: time.seconds + span.seconds)
    }

    /// How much later `later` is; negative when it is earlier.
    public static func - (later: Timestamp, earlier: Timestamp) -> Span {
        Span(seconds: later.seconds - earlier.seconds)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.floored(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    fileprivate func floored(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor)
    }

    fileprivate func mod(_ divisor: Int64) -> Int64 { self - floored(by: divisor) * divisor }
}
