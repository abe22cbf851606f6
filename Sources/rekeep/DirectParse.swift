import ArgumentParser

/// Lets ArgumentParser parse the one command that is named, instead of all of them.
///
/// Its way from the root makes a tree of every command with its options, by reflection, which takes longer than opening
/// the vault and reading a value. Names of commands are all that is looked at here; every option is the parser's.
enum DirectParse {
    /// - Returns: nil where the words do not begin with a command, or the parser has something to say: from the root it
    ///   finds the words for it.
    static func command(_ arguments: ArraySlice<String>) -> (any ParsableCommand)? {
        var rest = arguments
        var commands = Rekeep.commands
        while let name = rest.first,
            let found = commands.first(where: {
                $0.configuration.commandName == name || $0.configuration.aliases.contains(name)
            })
        {
            rest = rest.dropFirst()
            commands = found.configuration.subcommands
            guard commands.isEmpty else { continue }
            let command = try? found.parseAsRoot(Array(rest))
            // What is asked for help is another command, which knows only what it was parsed from.
            return command.flatMap { type(of: $0) == found ? $0 : nil }
        }
        return nil
    }
}
