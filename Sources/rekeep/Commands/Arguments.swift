public import ArgumentParser
public import Credentials
public import Vault

/// In this program a flag on the command line is what the word means; the nouns' `Flag` is never named here.
typealias Flag = ArgumentParser.Flag

extension Span: ExpressibleByArgument {
    /// Reads a time such as `90d`, but not `0s`; nil when it is something else.
    public init?(argument: String) { self.init(argument) }
}

extension Timestamp: ExpressibleByArgument {
    /// Reads a date such as `2027-01-31`; nil when it is something else.
    public init?(argument: String) { self.init(date: argument) }
}

extension ExpressibleByArgument where Self: NamedValue {
    /// Reads a case's name; nil when it is something else.
    public init?(argument: String) { self.init(name: argument) }

    /// What help and completions offer: the names, not the raw values.
    public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension Terms.Mode: ExpressibleByArgument {}
extension SlotKind: ExpressibleByArgument {}

extension Span {
    /// As usual, and 0s.
    static func orZero(_ text: String) throws -> Span {
        if ["0s", "0m", "0h", "0d"].contains(text) { return Span(seconds: 0) }
        guard let span = Span(text) else { throw ValidationError("'\(text)' is no time such as 24h.") }
        return span
    }
}
