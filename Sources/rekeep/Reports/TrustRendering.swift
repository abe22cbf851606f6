import Credentials
import Vault

/// What came of `trust`.
struct TrustRendering: DataRendering {
    let vault: VaultPin
    /// What spoke against it; nil where nothing did, so that there was nothing to decide.
    let doubt: VaultError?
    /// Whose key was retired in another line of the vault.
    var retired: [Address] = []

    var json: JSON {
        .object([
            ("vault", .text(vault.description)), ("doubt", JSON(doubt?.damageClass)),
            ("trusted", .bool(doubt != nil)), ("retired", .list(retired.map { .text($0.description) })),
        ])
    }

    var text: [Block] {
        [
            .line(
                doubt == nil
                    ? "Nothing to decide: it is the vault that this machine knows, \(vault)."
                    : "This machine knows \(vault) now.")
        ]
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        guard format == .text else { return [] }
        return retired.map { .note("\($0): its key was retired since; rekeep rotate \($0) takes the new one.") }
    }

    /// What this machine knows and what lies there instead, for whoever has to decide.
    static func describe(_ stranger: Stranger, _ console: Console) {
        console.note("What speaks against it: " + Complaint(stranger.doubt).text + ".")
        console.note("What lies there: \(stranger.pin), generation \(stranger.generation).")
        if let last = stranger.lastEntry {
            console.note("  Its last entry: \(last.action.name) \(last.subject) on \(last.host), \(last.at).")
        }
    }
}
