import ArgumentParser
import Files
import Glibc
import Keyring
import Operations
import Sealing
import Vault

struct Init: RekeepCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Create the vault, its slots and the recovery code.",
        discussion: """
            At a terminal it asks for a passphrase and shows the recovery code once. Scripts give \
            --passphrase-file, --identity-out or both.

            EXAMPLE
              rekeep init
              rekeep init --identity-out /etc/rekeep/identity --recovery-out recovery.txt
            """)

    @Option(help: ArgumentHelp("Make an identity slot and write its private part here, mode 0600.", valueName: "FILE"))
    var identityOut: String?

    @Option(help: ArgumentHelp("Write the recovery code here, mode 0600, instead of showing it.", valueName: "FILE"))
    var recoveryOut: String?

    @Flag(help: "Make no keyring slot.")
    var noKeyring = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard options.vaultID == nil else { throw ValidationError("--vault-id is for a vault that is there already.") }
    }

    func result(_ console: Console) throws -> any Rendering {
        let path = options.settings.vaultPath
        let prompt = options.noInput ? nil : Prompt()
        var slots: [SlotRequest] = []
        var made: [String] = []
        guard !Surroundings.exists(path) else { throw OperationError.vault(.alreadyExists(path: path)) }
        if let passphrase = try passphrase(prompt) {
            slots.append(.passphrase(passphrase, .moderate))
            made.append("passphrase")
        }
        let pair = identityOut == nil ? nil : KeyPair.random()
        if let pair {
            slots.append(.identity(publicKey: pair.publicKey))
            made.append("identity")
        }
        guard !slots.isEmpty else { throw CommandError.nothingToOpenWith }
        let new = NewVault()
        let keyring = slots.first?.kind == .passphrase && !noKeyring ? keyringKey(new.id, console) : nil
        if let keyring {
            slots.append(.keyring(keyring))
            made.append("keyring")
        }
        let code = recoveryOut != nil || prompt != nil ? RecoveryCode.random() : nil
        if let code {
            slots.append(.recovery(code))
            made.append("recovery")
        }
        do {
            try write(slots, new, path, pair, code, console)
        } catch {
            if let keyring { _ = try? SecretService(vault: new.id, slot: keyring.publicKey).forget() }
            throw error
        }
        if let code, recoveryOut == nil, let prompt { code.show(prompt) }
        return SentenceRendering(
            "Made the vault \(path) with the slots \(made.joined(separator: ", ")).",
            "Its id, for --vault-id on other machines: \(new.pin)",
            json: [
                ("vault", .text(path)), ("vault_id", .text(new.pin.description)),
                ("slots", .list(made.map(JSON.text))),
            ], notes: code == nil ? ["No recovery code was made; --recovery-out FILE makes one."] : [])
    }

    /// A key that the desktop's keyring has taken; nil where there is none to take it.
    private func keyringKey(_ id: [UInt8], _ console: Console) -> KeyringKey? {
        let key = KeyringKey.random()
        do {
            try SecretService(vault: id, slot: key.publicKey).keep(key.secret)
            return key
        } catch {
            let text = "No keyring slot was made: " + Complaint(error).text
            error == .noBus || error == .noLibrary ? console.detail(text) : console.note(text)
            return nil
        }
    }

    /// Files first: a vault that nobody can open must not exist.
    private func write(
        _ slots: [SlotRequest], _ new: NewVault, _ path: String, _ pair: KeyPair?, _ code: RecoveryCode?,
        _ console: Console
    ) throws {
        let state = try Opening.stateDirectory()
        let directory = Paths.directory(of: path)
        if path.hasPrefix("/"), !Surroundings.makeDirectory(directory) {
            throw CommandError.fileNotWritten(path: directory, errno: errno)
        }
        var written: [String] = []
        do {
            if let identityOut, let pair {
                try SecretFile.create(identityOut, IdentityFile.content(for: Identity(pair: pair, vaults: [new.pin])))
                written.append(identityOut)
            }
            if let recoveryOut, let code {
                try SecretFile.create(recoveryOut, code.line)
                written.append(recoveryOut)
            }
            do {
                let notice = try VaultFile.create(
                    at: path, new, slots: slots, now: Clock.system.now, stateDirectory: state)
                if let notice { console.note(Complaint.notice(notice)) }
            } catch {
                throw OperationError.vault(error)
            }
        } catch {
            for path in written { unlink(path) }
            throw error
        }
    }

    private func passphrase(_ prompt: Prompt?) throws -> SecretBytes? {
        if let file = options.passphraseFile { return try NewPassphrase.read(file, options.settings.console) }
        // Who asks for an identity alone, in a script or not, is not asked for more.
        guard identityOut == nil else { return nil }
        guard let prompt else { throw CommandError.nothingToOpenWith }
        return try NewPassphrase.ask(prompt)
    }
}
