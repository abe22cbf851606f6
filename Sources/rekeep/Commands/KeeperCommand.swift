import ArgumentParser
import Credentials
import Operations
import Sealing

/// A command that does something, rather than a group of them.
protocol RekeepCommand: ParsableCommand {
    var options: GlobalOptions { get }
    /// It starts the courier, a hook or a program of the user's, which may need more than this process does.
    static var startsPrograms: Bool { get }
}

extension RekeepCommand {
    static var startsPrograms: Bool { false }

    /// Gives up what a command does not need that starts nothing, before it holds a secret.
    func confine() {
        guard !Self.startsPrograms, !Confinement.leaveNoNetwork() else { return }
        options.settings.console.detail("rekeep is not confined by seccomp: the kernel has none")
    }
}

/// A command that works on an open vault: one call of the keeper, one report.
///
/// Every command names itself in its configuration: left to itself, ArgumentParser asks the runtime for
/// each type's name at every start, which costs more than opening the vault.
protocol KeeperCommand: RekeepCommand {
    func run(_ keeper: Keeper, _ console: Console) throws
}

extension KeeperCommand {
    func run() throws {
        let settings = options.settings
        try run(try Opening(settings: settings).keeper(), settings.console)
    }
}

/// As `KeeperCommand`, for work that waits for the courier or for hooks.
protocol WaitingKeeperCommand: RekeepCommand {
    func run(_ keeper: Keeper, _ console: Console) async throws
}

extension WaitingKeeperCommand {
    static var startsPrograms: Bool { true }

    func run() throws {
        let settings = options.settings
        let keeper = try Opening(settings: settings).keeper()
        try Waiting.finish { try await run(keeper, settings.console) }
    }
}
