import ArgumentParser
import Credentials
import Operations
import Sealing

/// A command that does something, rather than a group of them.
///
/// Every command names itself in its configuration: left to itself, ArgumentParser asks the runtime for
/// each type's name at every start, which costs more than opening the vault.
protocol RekeepCommand: ParsableCommand {
    var options: GlobalOptions { get }
    /// It starts the courier, a hook or a program of the user's, which may need more than this process does.
    static var startsPrograms: Bool { get }
    /// Does what the command is for.
    func result(_ console: Console) throws -> any Rendering
}

extension RekeepCommand {
    static var startsPrograms: Bool { false }

    /// Does it and shows what came of it.
    /// - Returns: the program's exit status.
    func perform() throws -> Int32 {
        let console = options.settings.console
        confine(console)
        return console.show(try result(console), as: options.format)
    }

    /// Gives up what a command does not need that starts nothing, before it holds a secret.
    func confine(_ console: Console) {
        guard !Self.startsPrograms, !Confinement.leaveNoNetwork() else { return }
        console.detail("rekeep is not confined by seccomp: the kernel has none")
    }
}

/// A command that works on an open vault: one call of the keeper, one result.
protocol KeeperCommand: RekeepCommand {
    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering
}

extension KeeperCommand {
    func result(_ console: Console) throws -> any Rendering {
        try run(try Opening(settings: options.settings).keeper(), console)
    }
}

/// As `KeeperCommand`, for work that waits for the courier or for hooks.
protocol WaitingKeeperCommand: RekeepCommand {
    func run(_ keeper: Keeper, _ console: Console) async throws -> any Rendering
}

extension WaitingKeeperCommand {
    static var startsPrograms: Bool { true }

    func result(_ console: Console) throws -> any Rendering {
        let keeper = try Opening(settings: options.settings).keeper()
        return try Waiting.finish { try await run(keeper, console) }
    }
}
