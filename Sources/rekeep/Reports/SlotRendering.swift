import Credentials
import Keyring
import Operations
import Vault

/// The lines of `slot list`.
struct SlotListRendering: DataRendering {
    let slots: [SlotDescription]
    let session: Session.State

    var json: JSON { .object([("slots", .list(slots.map(SlotAddRendering.json))), ("session", sessionJSON)]) }

    var text: [Block] {
        [
            .table(
                slots,
                .init("NAME") { $0.name.description }, .init("KIND") { $0.kind.name },
                .init("ADDED", .dropped(1)) { $0.addedAt.description },
                .init("PUBLIC KEY", .end) { $0.kind == .identity ? IdentityFile.text(of: $0.publicKey) : "" }),
            .line(sessionText),
        ]
    }

    private var sessionText: String {
        switch session {
        case .locked: "No session is open."
        case .unlocked(let end): "A session is open until \(end)."
        case .refused(let code): "No session can be had: " + Complaint(.kernel(errno: code)).text
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
struct SlotAddRendering: DataRendering {
    let slot: SlotDescription
    let vault: VaultPin
    /// Somebody else has the identity.
    let isHeldElsewhere: Bool

    var json: JSON { Self.json(slot, more: [("vault_id", .text(vault.description))]) }

    var text: [Block] {
        let kind = slot.kind.name == slot.name.description ? "" : " (\(slot.kind.name))"
        var lines = ["Added the slot \(slot.name)\(kind)."]
        if isHeldElsewhere {
            lines.append("Its holder adds this line to the identity file, which then opens no other vault:")
            lines.append(vault.description)
        }
        return Block.lines(lines)
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
struct RekeyRendering: DataRendering {
    let report: RekeyReport

    var json: JSON {
        .object([
            ("removed", report.removed.map(SlotAddRendering.json) ?? .null),
            ("rekeyed", .bool(report.isRekeyed)), ("exposed", .list(report.exposed.map(Self.json))),
        ])
    }

    var text: [Block] {
        guard let removed = report.removed else {
            return [.line("The vault has a new key; every slot opens it as before.")]
        }
        var lines = ["Removed the slot \(removed.name)." + (report.isRekeyed ? " The vault has a new key." : "")]
        if !report.exposed.isEmpty {
            lines.append("Its holder could read these; rotate them:")
            lines += report.exposed.map { "  " + $0.addresses.map(\.description).joined(separator: "  ") }
        }
        return Block.lines(lines)
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        guard format == .text else { return [] }
        if report.removed == nil { return [.note("Copies made before stay readable with the old key.")] }
        guard !report.isRekeyed else { return [] }
        return [
            .note(
                "The vault key was kept: whoever used that slot may have kept it too, and can read every copy of this vault, past and future."
            )
        ]
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
