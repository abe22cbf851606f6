import Credentials
import Glibc
import Keyring
import Operations
import Providers
import Sealing
import Synchronization
import Vault

/// Opens the vault: identity, unlocked session, keyring, then passphrase.
struct Opening {
    let settings: Settings

    /// The keeper of the vault that the options name.
    func keeper() throws(CommandError) -> Keeper {
        let file = try file()
        let acquaintance = try acquaintance(file.location)
        let vault = try opened(file) { opener throws(VaultError) in try file.open(with: opener, as: acquaintance) }
        warnOfUnlockedMemory()
        let console = settings.console
        let keeper = Keeper(
            vault: vault, courier: Self.courier(console),
            patience: Patience(waits: true) { console.note("The provider asks to slow down; waiting \($0).") })
        EmergencyFileNotice.tell(keeper.rotations.takeInEmergencyFiles(), console)
        return keeper
    }

    /// The vault, if it is not the one that this machine knows.
    func stranger() throws(CommandError) -> Stranger? {
        let file = try file()
        let acquaintance = try acquaintance(file.location)
        return try opened(file) { opener throws(VaultError) in try file.stranger(with: opener, as: acquaintance) }
    }

    /// What is known of the vault that lies, or is to lie, at a location.
    func acquaintance(_ location: Acquaintance.Location) throws(CommandError) -> Acquaintance {
        var expected: VaultPin?
        if let text = settings.vaultID {
            guard let pin = VaultPin(text) else { throw .notAVaultID }
            expected = pin
        }
        let notices = Notices(console: settings.console)
        return Acquaintance(stateDirectory: try Self.stateDirectory(), location: location, expected: expected) {
            notices.tell($0)
        }
    }

    /// The vault's id and its key, for a session to keep.
    func vaultKey() throws(CommandError) -> (id: [UInt8], key: SecretBytes, slot: Int?) {
        let file = try file()
        let acquaintance = try acquaintance(file.location)
        let (key, slot) = try opened(file) { opener throws(VaultError) in
            // The slot alone does not show that the vault is whole, nor which vault it is.
            let vault = try file.open(with: opener, as: acquaintance)
            _ = try vault.read { $0.generation }
            return (vault.key, vault.openedBy)
        }
        return (file.id, key, slot)
    }

    /// Something that opens a copy of the vault.
    func opener(of copy: VaultFile) throws(CommandError) -> Opener {
        try opened(copy) { opener throws(VaultError) in
            try copy.require(opener)
            return opener
        }
    }

    /// The vault's file, still locked.
    func file() throws(CommandError) -> VaultFile {
        do {
            return try VaultFile(path: settings.vaultPath)
        } catch {
            throw .operation(.vault(error))
        }
    }

    /// Where this machine keeps its records. That it cannot be made is told when something is to be kept there.
    /// - Throws: `stateNotPrivate` when others could write the records.
    static func stateDirectory() throws(CommandError) -> String {
        let path = Surroundings.stateDirectory
        _ = Surroundings.exists(path) || Surroundings.makeDirectory(path)
        var status = stat()
        if stat(path, &status) == 0,
            status.st_mode & 0o022 != 0 || (status.st_uid != geteuid() && status.st_uid != 0)
        {
            throw .stateNotPrivate(path: path, owner: status.st_uid, mode: status.st_mode & 0o7777)
        }
        return path
    }

    private func warnOfUnlockedMemory() {
        guard !SecretBytes.memoryIsLocked else { return }
        settings.console.note(
            "warning: the system does not lock memory for this user (ulimit -l); keys may be swapped to disk")
    }

    static func courier(_ console: Console) -> CourierClient {
        var environment: [(name: String, value: String)] = []
        for name in CourierClient.passedVariables {
            if let value = Surroundings.variable(name) { environment.append((name, value)) }
        }
        return CourierClient(
            candidates: Surroundings.courierCandidates, ownProfiles: Surroundings.ownProfiles,
            paceFile: Surroundings.exists(Surroundings.stateDirectory) ? Surroundings.stateDirectory + "/pace" : nil,
            environment: environment
        ) {
            console.detail(OwnProfileNotice.text($0))
        } lessConfined: {
            console.detail("the courier is not confined by \(Self.names($0)): the kernel has none")
        }
    }

    private static func names(_ layers: [Confinement.Layer]) -> String {
        layers.map { $0 == .landlock ? "Landlock" : "seccomp" }.joined(separator: " or ")
    }

    /// What the command line names comes first and alone; then what the environment names, an unlocked
    /// session, and a question.
    private func opened<Result>(
        _ file: VaultFile, _ open: (Opener) throws(VaultError) -> Result
    ) throws(CommandError) -> Result {
        func attempt(_ opener: Opener, _ key: CommandError.Key? = nil) throws(CommandError) -> Result {
            do {
                return try open(opener)
            } catch {
                if case .noSlotFits = error, let key { throw .doesNotOpen(key) }
                throw .operation(.vault(error))
            }
        }
        if let path = settings.identityPath {
            let identity = try Self.identity(path)
            return try attempt(.identity(identity), .identity(path: path, vaults: identity.vaults))
        }
        if let path = settings.passphraseFile {
            let text = try SecretFile.line(path, asking: Self.question)
            return try attempt(Self.opener(fromText: text), .typed)
        }
        if let path = settings.impliedIdentityPath {
            do {
                return try attempt(.identity(Self.identity(path)))
            } catch .operation(.vault(.noSlotFits)), .operation(.vault(.noSuchSlot)) {
                settings.console.detail("\(path) does not open this vault")
            }
        }
        if let session = Session(vault: file.id).key(now: Clock.system.now) {
            do {
                return try attempt(.vaultKey(session.key, slot: session.slot))
            } catch .operation(.vault(.noSlotFits)) {
                settings.console.detail("the unlocked session is of another key")
            }
        }
        if let key = keyringKey(file) { return try attempt(.keyring(key)) }
        guard !settings.noInput, let prompt = Prompt() else { throw .needsPassphrase }
        guard let text = prompt.secret(Self.question) else { throw .inputEnded }
        guard text.count > 0 else { throw .emptyPassphrase }
        let result = try attempt(Self.opener(fromText: text), .typed)
        if PassphraseQuestions.isThird(in: try Self.stateDirectory(), now: Clock.system.now) {
            settings.console.note("rekeep unlock --for 1h keeps the vault open, so that you are not asked each time.")
        }
        return result
    }

    private static let question = "Passphrase or recovery code: "

    /// The first key that the Secret Service keeps for a slot of this vault; nil, with a word about it, when it gives
    /// nothing. A service that does not answer is asked once, however many slots there are.
    private func keyringKey(_ file: VaultFile) -> KeyringKey? {
        do throws(KeyringError) {
            for slot in file.keyringSlots {
                if let key = try SecretService(vault: file.id, slot: slot).key().flatMap({ KeyringKey($0) }),
                    key.publicKey == slot
                {
                    return key
                }
            }
            return nil
        } catch {
            let text = "the keyring is not used: " + Complaint(error).text
            switch error {
            case .noBus, .noLibrary: settings.console.detail(text)
            case .kernel, .locked, .timedOut, .service, .testBackEnd: settings.console.note(text)
            }
            return nil
        }
    }

    private static func identity(_ path: String) throws(CommandError) -> Identity {
        // systemd gives the service its credential by an ACL, whose mask stat shows as the group's permission to read.
        let isCredential = path == Settings.systemdIdentity
        let content = try SecretFile.read(path, refusing: isCredential ? 0o037 : 0o077)
        guard let identity = IdentityFile.identity(from: content) else { throw .notAnIdentity(path: path) }
        return identity
    }

    /// A recovery code is recognised by its checksum; everything else is a passphrase.
    private static func opener(fromText text: SecretBytes) -> Opener {
        RecoveryCode(code: text).map(Opener.recovery) ?? .passphrase(text)
    }
}

/// What is noticed of the vault at every look at it is said once, however quiet rekeep is to be.
private final class Notices: Sendable {
    private let console: Console
    private let told = Mutex<Set<String>>([])

    init(console: Console) {
        self.console = console
    }

    func tell(_ notice: VaultNotice) {
        let text = Complaint.notice(notice)
        if told.withLock({ $0.insert(text).inserted }) { console.warn(text) }
    }
}
