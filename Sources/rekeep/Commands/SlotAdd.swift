import ArgumentParser
import Glibc
import Keyring
import Operations
import Sealing
import Vault

struct SlotAdd: KeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a way to open the vault.",
        discussion: """
            EXAMPLE
              rekeep slot add keyring
              rekeep slot add identity --name alice --public REKEEP-PUBLIC-1-…
              rekeep slot add identity --name cron --out /etc/rekeep/identity
            """)

    @Argument(help: "passphrase, identity, recovery or keyring.")
    var kind: SlotKind

    @Option(help: "What to call it; its kind, if nothing is given.")
    var name: String?

    @Option(name: .customLong("public"), help: ArgumentHelp("Somebody's public key.", valueName: "KEY"))
    var publicKey: String?

    @Option(help: ArgumentHelp("Make an identity or a recovery code and write it here, mode 0600.", valueName: "FILE"))
    var out: String?

    @Option(help: ArgumentHelp("Read the new passphrase from FILE or /dev/fd/N.", valueName: "FILE"))
    var newPassphraseFile: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        switch kind {
        case .identity:
            guard (publicKey == nil) != (out == nil) else {
                throw ValidationError("An identity slot needs either --public KEY or --out FILE.")
            }
        case .recovery, .passphrase, .keyring:
            guard publicKey == nil else { throw ValidationError("--public is for identity slots.") }
        }
        guard out == nil || kind == .identity || kind == .recovery else {
            throw ValidationError("--out is for identity and recovery slots.")
        }
        guard newPassphraseFile == nil || kind == .passphrase else {
            throw ValidationError("--new-passphrase-file is for passphrase slots.")
        }
    }

    func run(_ keeper: Keeper, _ console: Console) throws -> any Rendering {
        let name = try name.map { text in
            guard let name = SlotName(text) else { throw CommandError.notASlotName(text) }
            return name
        }
        let prompt = options.noInput ? nil : Prompt()
        let slot: SlotDescription
        switch kind {
        case .passphrase:
            slot = try keeper.custodian.addSlot(.passphrase(try passphrase(prompt), .moderate), name: name)
        case .identity:
            slot = try addIdentity(keeper, name)
        case .recovery:
            let code = RecoveryCode.random()
            guard out != nil || prompt != nil else {
                throw CommandError.needsInput(what: "a place for the recovery code", option: "--out FILE")
            }
            slot = try writing(code.line) { try keeper.custodian.addSlot(.recovery(code), name: name) }
            if out == nil, let prompt { code.show(prompt) }
        case .keyring:
            slot = try addKeyring(keeper, name)
        }
        return SlotAddRendering(slot: slot, vault: keeper.custodian.vaultPin, isHeldElsewhere: publicKey != nil)
    }

    private func passphrase(_ prompt: Prompt?) throws -> SecretBytes {
        if let newPassphraseFile { return try NewPassphrase.read(newPassphraseFile, options.settings.console) }
        guard let prompt else {
            throw CommandError.needsInput(what: "a new passphrase", option: "--new-passphrase-file FILE")
        }
        return try NewPassphrase.ask(prompt)
    }

    private func addIdentity(_ keeper: Keeper, _ name: SlotName?) throws -> SlotDescription {
        if let publicKey {
            guard let key = IdentityFile.publicKey(from: publicKey) else { throw CommandError.notAPublicKey }
            return try keeper.custodian.addSlot(.identity(publicKey: key), name: name)
        }
        let pair = KeyPair.random()
        return try writing(IdentityFile.content(for: Identity(pair: pair, vaults: [keeper.custodian.vaultPin]))) {
            try keeper.custodian.addSlot(.identity(publicKey: pair.publicKey), name: name)
        }
    }

    /// The file first: a slot that nobody can open must not exist.
    private func writing<Result>(_ content: SecretBytes, _ body: () throws -> Result) throws -> Result {
        guard let out else { return try body() }
        try SecretFile.create(out, content)
        do {
            return try body()
        } catch {
            if !Self.leavesSlot(error) { unlink(out) }
            throw error
        }
    }

    /// The keyring first, for the same reason.
    private func addKeyring(_ keeper: Keeper, _ name: SlotName?) throws -> SlotDescription {
        let key = KeyringKey.random()
        let service = SecretService(vault: keeper.custodian.vaultID, slot: key.publicKey)
        do {
            try service.keep(key.secret)
        } catch {
            throw CommandError.keyring(error)
        }
        do {
            return try keeper.custodian.addSlot(.keyring(key), name: name)
        } catch {
            if !Self.leavesSlot(error) { _ = try? service.forget() }
            throw error
        }
    }

    /// A slot that may be there must stay one that can be opened.
    private static func leavesSlot(_ error: any Error) -> Bool {
        guard case OperationError.vault(let error) = error else { return false }
        return error.leavesChange
    }
}
