import Credentials
import Glibc
import Keyring
import Operations
import Providers
import Sealing
import Vault

/// Opens the vault: identity, unlocked session, then passphrase.
struct Opening {
    let settings: Settings

    /// The keeper of the vault that the options name.
    func keeper() throws(CommandError) -> Keeper {
        let file = try file()
        let state = try Self.stateDirectory()
        let vault = try opened(file) { opener throws(VaultError) in try file.open(with: opener, stateDirectory: state) }
        warnOfUnlockedMemory()
        return Keeper(vault: vault, courier: Self.courier(), stateDirectory: state)
    }

    /// The vault's id and its key, for a session to keep.
    func vaultKey() throws(CommandError) -> (id: [UInt8], key: SecretBytes) {
        let file = try file()
        let state = try Self.stateDirectory()
        let key = try opened(file) { opener throws(VaultError) in
            let key = try file.vaultKey(with: opener)
            // The slot alone does not show that the vault is whole.
            _ = try file.open(with: .vaultKey(key), stateDirectory: state).read { $0.generation }
            return key
        }
        return (file.id, key)
    }

    /// The vault's file, still locked.
    func file() throws(CommandError) -> VaultFile {
        do {
            return try VaultFile(path: settings.vaultPath)
        } catch {
            throw .operation(.vault(error))
        }
    }

    private static func stateDirectory() throws(CommandError) -> String {
        let state = Surroundings.stateDirectory
        guard Surroundings.exists(state) || Surroundings.makeDirectory(state) else {
            throw .fileNotWritten(path: state, errno: errno)
        }
        return state
    }

    private func warnOfUnlockedMemory() {
        guard !SecretBytes.memoryIsLocked else { return }
        settings.console.note(
            "warning: the system does not lock memory for this user (ulimit -l); keys may be swapped to disk")
    }

    static func courier() -> CourierClient {
        var environment: [(name: String, value: String)] = []
        for name in CourierClient.passedVariables {
            if let value = Surroundings.variable(name) { environment.append((name, value)) }
        }
        return CourierClient(
            candidates: Surroundings.courierCandidates, ownProfiles: Surroundings.ownProfiles, environment: environment)
    }

    /// What the command line names comes first and alone; then what the environment names, an unlocked
    /// session, and a question.
    private func opened<Result>(
        _ file: VaultFile, _ open: (Opener) throws(VaultError) -> Result
    ) throws(CommandError) -> Result {
        func attempt(_ opener: Opener) throws(CommandError) -> Result {
            do {
                return try open(opener)
            } catch {
                throw .operation(.vault(error))
            }
        }
        if let path = settings.identityPath { return try attempt(.identity(Self.identity(path))) }
        if let path = settings.passphraseFile {
            let text = SecretFile.firstLine(try SecretFile.read(path, mustBePrivate: false))
            return try attempt(Self.opener(fromText: text))
        }
        if let path = settings.impliedIdentityPath {
            do {
                return try attempt(.identity(Self.identity(path)))
            } catch .operation(.vault(.noSlotFits)), .operation(.vault(.noSuchSlot)) {
                settings.console.detail("\(path) does not open this vault")
            }
        }
        if let key = Session(vault: file.id).key() {
            do {
                return try attempt(.vaultKey(key))
            } catch .operation(.vault(.noSlotFits)) {
                settings.console.detail("the unlocked session is of another key")
            }
        }
        guard !settings.noInput, let prompt = Prompt() else { throw .needsPassphrase }
        guard let text = prompt.secret("Passphrase or recovery code: "), text.count > 0 else { throw .emptyPassphrase }
        return try attempt(Self.opener(fromText: text))
    }

    private static func identity(_ path: String) throws(CommandError) -> KeyPair {
        let content = try SecretFile.read(path, mustBePrivate: true)
        guard let pair = IdentityFile.pair(from: content) else { throw .notAnIdentity(path: path) }
        return pair
    }

    /// A recovery code is recognised by its checksum; everything else is a passphrase.
    private static func opener(fromText text: SecretBytes) -> Opener {
        RecoveryCode(code: text).map(Opener.recovery) ?? .passphrase(text)
    }
}
