public import ArgumentParser
public import Credentials
public import Vault

/// In this program a flag on the command line is what the word means; the nouns' `Flag` is never named here.
typealias Flag = ArgumentParser.Flag

extension Span: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension Timestamp: ExpressibleByArgument {
    public init?(argument: String) { self.init(date: argument) }
}

extension Terms.Mode: ExpressibleByArgument {
    public init?(argument: String) { self.init(name: argument) }
}

extension SlotKind: ExpressibleByArgument {
    public init?(argument: String) {
        guard let kind = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = kind
    }

    public static var allValueStrings: [String] { allCases.map(\.name) }
}
