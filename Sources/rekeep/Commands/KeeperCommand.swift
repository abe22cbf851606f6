import ArgumentParser
import Credentials
import Operations

/// A command that works on an open vault: one call of the keeper, one report.
protocol KeeperCommand: ParsableCommand {
    var options: GlobalOptions { get }
    func run(_ keeper: Keeper, _ console: Console) throws
}

extension KeeperCommand {
    func run() throws {
        let console = options.console
        try run(try Opening(options: options, console: console).keeper(), console)
    }
}

/// As `KeeperCommand`, for work that waits for the courier or for hooks.
protocol WaitingKeeperCommand: ParsableCommand {
    var options: GlobalOptions { get }
    func run(_ keeper: Keeper, _ console: Console) async throws
}

extension WaitingKeeperCommand {
    func run() throws {
        let console = options.console
        let keeper = try Opening(options: options, console: console).keeper()
        try Waiting.finish { try await run(keeper, console) }
    }
}

extension GlobalOptions {
    var console: Console { Console(color: color, isQuiet: quiet, isVerbose: verbose) }
}
