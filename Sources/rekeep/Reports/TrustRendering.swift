import Credentials
import Vault

/// What this machine knows and what lies there instead, for whoever has to decide.
struct TrustRendering {
    let stranger: Stranger

    func describe(_ console: Console) {
        console.note("What speaks against it: " + Complaint(stranger.doubt).text + ".")
        console.note("What lies there: \(stranger.pin), generation \(stranger.generation).")
        if let last = stranger.lastEntry {
            console.note("  Its last entry: \(last.action.name) \(last.subject) on \(last.host), \(last.at).")
        }
    }

    func show(retired: [Address], _ options: GlobalOptions, _ console: Console) {
        if options.json {
            return console.print(
                Self.json(
                    stranger.pin, doubt: stranger.doubt.damageClass.map(JSON.text) ?? .null, isTrusted: true, retired))
        }
        console.print("This machine knows \(stranger.pin) now.")
        for address in retired {
            console.note("\(address): its key was retired since; rekeep rotate \(address) takes the new one.")
        }
    }

    static func nothingToDecide(_ pin: VaultPin, _ options: GlobalOptions, _ console: Console) {
        if options.json {
            console.print(json(pin, doubt: .null, isTrusted: false, []))
        } else {
            console.print("Nothing to decide: it is the vault that this machine knows, \(pin).")
        }
    }

    private static func json(_ pin: VaultPin, doubt: JSON, isTrusted: Bool, _ retired: [Address]) -> JSON {
        .object([
            ("vault", .text(pin.description)), ("doubt", doubt), ("trusted", .bool(isTrusted)),
            ("retired", .list(retired.map { .text($0.description) })),
        ])
    }
}
