public import ArgumentParser
public import Credentials

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
