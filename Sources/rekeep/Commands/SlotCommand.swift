import ArgumentParser
import Glibc
import Keyring
import Operations
import Sealing
import Vault

struct SlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slot",
        abstract: "The ways to open the vault.",
        discussion: """
            EXAMPLE
              rekeep slot list
              rekeep slot add identity --name alice --public REKEEP-PUBLIC-1-…
              rekeep slot remove alice
            """,
        subcommands: [SlotList.self, SlotAdd.self, SlotRemove.self, SlotKeygen.self], defaultSubcommand: SlotList.self)
}

struct SlotList: RekeepCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the slots, and whether a session is open.",
        discussion: "EXAMPLE\n  rekeep slot list")

    @OptionGroup var options: GlobalOptions

    func result(_ console: Console) throws -> any Rendering {
        let opening = Opening(settings: options.settings)
        // Asked first: opening the vault does not change it, but a session may end meanwhile.
        let session = Session(vault: try opening.file().id).state(now: Clock.system.now)
        return SlotListRendering(slots: try opening.keeper().custodian.slots(), session: session)
    }
}

struct SlotRemove: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take a slot away, re-key the vault, and tell which credentials its holder could read.",
        discussion: """
            Whoever could open the vault has known its key, so the vault gets a new one; every other slot \
            goes on opening it. Copies made before stay readable with the old key: rotate what is listed.

            EXAMPLE
              rekeep slot remove alice
            """)

    @Argument(help: "The slot's name.")
    var name: String

    @Flag(help: "Do not re-key: the removed holder can go on reading the vault wherever a copy is to be had.")
    var keepKey = false

    @OptionGroup var confirmation: Confirmation

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        try confirmation.require("Take the slot '\(Complaint.shown(name))' away for good?", options)
        let report = try keeper.custodian.removeSlot(name, keepingKey: keepKey)
        if let slot = report.removed, slot.kind == .keyring {
            // It opens nothing any more; a keyring that is not there has nothing to forget.
            _ = try? SecretService(vault: keeper.custodian.vaultID, slot: slot.publicKey).forget()
        }
        if report.isRekeyed { Self.endSession(keeper, console) }
        return RekeyRendering(report: report)
    }
}

extension SlotRemove {
    /// A session has the key that the vault had when it was begun.
    static func endSession(_ keeper: Keeper, _ console: Console) {
        if (try? Session(vault: keeper.custodian.vaultID).end()) == true {
            console.note("The open session had the old key and was ended.")
        }
    }
}

struct Rekey: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "rekey",
        abstract: "Seal everything anew under a new vault key. Every slot goes on opening the vault.",
        discussion: "EXAMPLE\n  rekeep rekey")

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let report = try keeper.custodian.rekey()
        SlotRemove.endSession(keeper, console)
        return RekeyRendering(report: report)
    }
}

struct SlotKeygen: RekeepCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make an identity for a person or a server, and show its public key. No vault is needed.",
        discussion: "EXAMPLE\n  rekeep slot keygen ~/.config/rekeep/identity")

    @Argument(help: "Where to write the identity, mode 0600.")
    var file: String

    @OptionGroup var options: GlobalOptions

    func result(_ console: Console) throws -> any Rendering {
        let pair = KeyPair.random()
        try SecretFile.create(file, IdentityFile.content(for: Identity(pair: pair)))
        let text = IdentityFile.text(of: pair.publicKey)
        return SentenceRendering(text, json: [("identity", .text(file)), ("public_key", .text(text))])
    }
}
