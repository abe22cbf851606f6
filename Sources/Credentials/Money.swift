/// An amount as the provider means it: a decimal string, never a binary fraction.
public struct Money: Hashable, Codable, Sendable {
    /// Digits with an optional sign and fraction, such as `-12.50`.
    public let amount: String
    /// Three to five capital letters, such as `USD` (ISO 4217); nil where the answer has no such code.
    public let currency: String?

    /// Nil unless `amount` is a plain decimal number of at most 40 characters.
    public init?(amount: String, currency: String?) {
        let digits = amount.hasPrefix("-") ? amount.dropFirst() : amount[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard amount.utf8.count <= 40, (1...2).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { return nil }
        self.amount = amount
        self.currency = currency.flatMap { Self.isCurrency($0) ? $0 : nil }
    }

    /// - Throws: `DecodingError` for an amount that is none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let amount = try container.decode(String.self, forKey: .amount)
        guard let money = Money(amount: amount, currency: try container.decodeIfPresent(String.self, forKey: .currency))
        else { throw DecodingError.dataCorruptedError(forKey: .amount, in: container, debugDescription: "no amount") }
        self = money
    }

    private enum CodingKeys: CodingKey {
        case amount, currency
    }

    /// The same amount in its shortest form: providers write `100.0` at one place and `100.00` at another.
    public var normalized: Money {
        var digits = (amount.hasPrefix("-") ? amount.dropFirst() : amount[...]).drop { $0 == "0" }
        if digits.contains(".") {
            while digits.last == "0" { digits.removeLast() }
            if digits.last == "." { digits.removeLast() }
        }
        if digits.isEmpty || digits.first == "." { digits = "0" + digits }
        let sign = amount.hasPrefix("-") && !isZero ? "-" : ""
        return Money(amount: sign + digits, currency: currency) ?? self
    }

    /// Also true for `-0` and `0.00`.
    public var isZero: Bool { amount.utf8.allSatisfy { $0 == 48 || $0 == 46 || $0 == 45 } }

    /// True for three to five capital letters.
    public static func isCurrency(_ text: String) -> Bool {
        (3...5).contains(text.utf8.count) && text.utf8.allSatisfy { (65...90).contains($0) }
    }
}
