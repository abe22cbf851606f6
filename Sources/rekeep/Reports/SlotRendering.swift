import Credentials
import Keyring
import Operations
import Vault

/// The lines of `slot list`.
struct SlotListRendering {
    let slots: [SlotDescription]
    let session: Session.State

    func show(_ options: GlobalOptions, _ console: Console) {
        if options.json {
            console.print(
                JSON.object([
                    ("slots", .list(slots.map(SlotAddRendering.json))), ("session", sessionJSON),
                ]))
            return
        }
        var table = Table("NAME", "KIND", "ADDED", "PUBLIC KEY")
        for slot in slots {
            let publicKey = slot.kind == .identity ? IdentityFile.text(of: slot.publicKey) : ""
            table.add(slot.name.description, slot.kind.name, slot.addedAt.description, publicKey)
        }
        console.print(table)
        switch session {
        case .locked: console.print("No session is open.")
        case .unlocked(let end): console.print("A session is open until \(end).")
        case .refused(let code): console.print("No session can be had: " + Complaint(.kernel(errno: code)).text)
        }
    }

    private var sessionJSON: JSON {
        switch session {
        case .locked: .object([("state", .text("locked")), ("ends_at", .null)])
        case .unlocked(let end): .object([("state", .text("unlocked")), ("ends_at", JSON(end))])
        case .refused: .object([("state", .text("refused")), ("ends_at", .null)])
        }
    }
}

/// What a `slot add` came to.
struct SlotAddRendering {
    let slot: SlotDescription
    let vault: VaultPin
    /// Somebody else has the identity.
    let isHeldElsewhere: Bool

    func show(_ options: GlobalOptions, _ console: Console) {
        if options.json {
            console.print(Self.json(slot, more: [("vault_id", .text(vault.description))]))
            return
        }
        let kind = slot.kind.name == slot.name.description ? "" : " (\(slot.kind.name))"
        console.print("Added the slot \(slot.name)\(kind).")
        if isHeldElsewhere {
            console.print("Its holder adds this line to the identity file, which then opens no other vault:")
            console.print(vault.description)
        }
    }

    static func json(_ slot: SlotDescription) -> JSON { json(slot, more: []) }

    private static func json(_ slot: SlotDescription, more: [(String, JSON)]) -> JSON {
        .object(
            [
                ("name", .text(slot.name.description)), ("kind", .text(slot.kind.name)),
                ("added_at", JSON(slot.addedAt)),
                ("public_key", slot.kind == .identity ? .text(IdentityFile.text(of: slot.publicKey)) : .null),
            ] + more)
    }
}

/// What a `slot remove` or a `rekey` came to, and what has to be rotated for it to help.
struct RekeyRendering {
    let report: RekeyReport

    func show(_ options: GlobalOptions, _ console: Console) {
        if options.json {
            console.print(
                JSON.object([
                    ("removed", report.removed.map(SlotAddRendering.json) ?? .null),
                    ("rekeyed", .bool(report.isRekeyed)), ("exposed", .list(report.exposed.map(Self.json))),
                ]))
            return
        }
        guard let removed = report.removed else {
            console.print("The vault has a new key; every slot opens it as before.")
            console.note("Copies made before stay readable with the old key.")
            return
        }
        console.print("Removed the slot \(removed.name)." + (report.isRekeyed ? " The vault has a new key." : ""))
        if !report.isRekeyed {
            console.note(
                "The vault key was kept: whoever used that slot may have kept it too, and can read every copy of this vault, past and future."
            )
        }
        guard !report.exposed.isEmpty else { return }
        console.print("Its holder could read these; rotate them:")
        for credential in report.exposed {
            console.print("  " + credential.addresses.map(\.description).joined(separator: "  "))
        }
    }

    private static func json(_ credential: Credential) -> JSON {
        let versions = credential.versions.filter { !$0.isRetired }
        return .object([
            ("addresses", .list(credential.addresses.map { .text($0.description) })),
            ("provider", .text(credential.provider)), ("environment", .text(credential.environment)),
            ("versions", .list(versions.map { JSON($0.number) })),
        ])
    }
}
