import ArgumentParser
import Credentials
import Keyring
import Operations

struct Unlock: RekeepCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Keep the vault open for a while, without asking again.",
        discussion: """
            The kernel keeps the key, in memory, until the time is over or `rekeep lock` ends it. Every \
            process of the same user can use it until then.

            EXAMPLE
              rekeep unlock --for 1h
            """)

    @Option(name: .customLong("for"), help: ArgumentHelp("How long, at most 24h.", valueName: "TIME"))
    var span = Span(seconds: 15 * 60)

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard span.seconds <= 86_400 else { throw ValidationError("A session lasts at most 24h.") }
    }

    func result(_ console: Console) throws -> any Rendering {
        let (id, key, slot) = try Opening(settings: options.settings).vaultKey()
        do {
            try Session(vault: id).begin(with: key, slot: slot, for: span, now: Clock.system.now)
        } catch {
            throw CommandError.keyring(error)
        }
        return SentenceRendering("Unlocked for \(span).", json: [("unlocked_seconds", .number(span.seconds))])
    }
}

struct Lock: RekeepCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "End the session that unlock began.", discussion: "EXAMPLE\n  rekeep lock")

    @OptionGroup var options: GlobalOptions

    func result(_ console: Console) throws -> any Rendering {
        let ended: Bool
        do {
            ended = try Session(vault: try Opening(settings: options.settings).file().id).end()
        } catch let error as KeyringError {
            throw CommandError.keyring(error)
        }
        return SentenceRendering(ended ? "Locked." : "It was locked already.", json: [("ended", .bool(ended))])
    }
}
