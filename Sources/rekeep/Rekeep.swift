import ArgumentParser
import Glibc
import Sealing

/// The command line.
struct Rekeep: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "rekeep",
        abstract: "Keeps the API credentials of domain resellers, and re-keys them.",
        discussion: """
            EXAMPLE
              rekeep init
              rekeep add whmcs/live/domainnameapi
              rekeep target add whmcs/live --path /srv/whmcs/.env --preset whmcs
              rekeep rotate whmcs/live/domainnameapi
            """,
        version: version,
        subcommands: commands)

    static let commands: [any ParsableCommand.Type] = [
        Init.self, Add.self, Link.self, List.self, Show.self, Edit.self, Rename.self, Remove.self, CheckCommand.self,
        Rotate.self, Retire.self, Status.self, Nightly.self, PolicyCommand.self, Env.self, Exec.self,
        TargetCommand.self,
        Deploy.self, Drift.self, Providers.self, SlotCommand.self, Unlock.self, Lock.self, Rekey.self, Trust.self,
        Backup.self,
        Restore.self, LogCommand.self, Verify.self,
    ]
}

@main
enum Program {
    static func main() {
        let guarding = ProcessGuard.raise()
        do {
            if let read = QuickRead(CommandLine.arguments.dropFirst()) {
                Confinement.leaveNoTCP()
                return try read.run()
            }
            var command = try DirectParse.command(CommandLine.arguments.dropFirst()) ?? Rekeep.parseAsRoot()
            switch command {
            case let exec as Exec: try exec.run(lowering: guarding)
            case let command as any RekeepCommand: exit(try command.perform())
            default: try command.run()
            }
        } catch {
            guard let complaint = Complaint(error) else {
                // ArgumentParser's own: help, version, usage.
                let status = Rekeep.exitCode(for: error)
                if status.isSuccess { Rekeep.exit(withError: error) }
                Console.complain(usage: GivenName.hidden(CommandLine.arguments.dropFirst(), in: usage(error)))
                exit(status.rawValue)
            }
            Console.complain(complaint)
            exit(complaint.status)
        }
    }

    /// The parser's words for a wrong command line. They repeat what was typed, line feeds and all; so where that cannot
    /// be shown, they are made anew from what can.
    private static func usage(_ error: any Error) -> String {
        let typed = CommandLine.arguments.dropFirst().map { $0 }
        let shown = typed.map { TerminalText.clean($0) }
        guard shown != typed else { return Rekeep.fullMessage(for: error) }
        do {
            _ = try Rekeep.parseAsRoot(shown)
            return TerminalText.clean(Rekeep.fullMessage(for: error))
        } catch {
            return Rekeep.fullMessage(for: error)
        }
    }
}
