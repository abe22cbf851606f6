import ArgumentParser
import Credentials
import Operations

/// A command that works on an open vault: one call of the keeper, one report.
///
/// Every command names itself in its configuration: left to itself, ArgumentParser asks the runtime for
/// each type's name at every start, which costs more than opening the vault.
protocol KeeperCommand: ParsableCommand {
    var options: GlobalOptions { get }
    func run(_ keeper: Keeper, _ console: Console) throws
}

extension KeeperCommand {
    func run() throws {
        let settings = options.settings
        try run(try Opening(settings: settings).keeper(), settings.console)
    }
}

/// As `KeeperCommand`, for work that waits for the courier or for hooks.
protocol WaitingKeeperCommand: ParsableCommand {
    var options: GlobalOptions { get }
    func run(_ keeper: Keeper, _ console: Console) async throws
}

extension WaitingKeeperCommand {
    func run() throws {
        let settings = options.settings
        let keeper = try Opening(settings: settings).keeper()
        try Waiting.finish { try await run(keeper, settings.console) }
    }
}
