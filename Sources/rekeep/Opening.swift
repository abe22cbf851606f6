import Credentials
import Glibc
import Operations
import Providers
import Sealing
import Vault

/// Opens the vault: identity, then passphrase.
struct Opening {
    let settings: Settings

    /// The keeper of the vault that the options name.
    func keeper() throws(CommandError) -> Keeper {
        let file: VaultFile
        do {
            file = try VaultFile(path: settings.vaultPath)
        } catch {
            throw .operation(.vault(error))
        }
        let state = Surroundings.stateDirectory
        guard Surroundings.exists(state) || Surroundings.makeDirectory(state) else {
            throw .fileNotWritten(path: state, errno: errno)
        }
        let vault = try open(file, state)
        if !SecretBytes.memoryIsLocked {
            settings.console.note(
                "warning: the system does not lock memory for this user (ulimit -l); keys may be swapped to disk")
        }
        return Keeper(vault: vault, courier: Self.courier(), stateDirectory: state)
    }

    static func courier() -> CourierClient {
        var environment: [(name: String, value: String)] = []
        for name in CourierClient.passedVariables {
            if let value = Surroundings.variable(name) { environment.append((name, value)) }
        }
        return CourierClient(
            candidates: Surroundings.courierCandidates, ownProfiles: Surroundings.ownProfiles, environment: environment)
    }

    /// What the command line names comes first and alone; then what the environment names, then a question.
    private func open(_ file: VaultFile, _ state: String) throws(CommandError) -> OpenVault {
        if let path = settings.identityPath { return try open(file, state, with: .identity(Self.identity(path))) }
        if let path = settings.passphraseFile {
            let text = SecretFile.firstLine(try SecretFile.read(path, mustBePrivate: false))
            return try open(file, state, with: Self.opener(fromText: text))
        }
        if let path = settings.impliedIdentityPath {
            do {
                return try open(file, state, with: .identity(Self.identity(path)))
            } catch .operation(.vault(.noSlotFits)), .operation(.vault(.noSuchSlot)) {
                settings.console.detail("\(path) does not open this vault")
            }
        }
        guard !settings.noInput, let prompt = Prompt() else { throw .needsPassphrase }
        guard let text = prompt.secret("Passphrase or recovery code: "), text.count > 0 else { throw .emptyPassphrase }
        return try open(file, state, with: Self.opener(fromText: text))
    }

    private func open(_ file: VaultFile, _ state: String, with opener: Opener) throws(CommandError) -> OpenVault {
        do {
            return try file.open(with: opener, stateDirectory: state)
        } catch {
            throw .operation(.vault(error))
        }
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
