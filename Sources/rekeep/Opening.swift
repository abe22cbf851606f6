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
        let opener = try opener(for: file)
        let vault: OpenVault
        do {
            vault = try file.open(with: opener, stateDirectory: state)
        } catch {
            throw .operation(.vault(error))
        }
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

    private func opener(for file: VaultFile) throws(CommandError) -> Opener {
        if let path = settings.identityPath {
            let content = try SecretFile.read(path, mustBePrivate: true)
            guard let pair = IdentityFile.pair(from: content) else { throw .notAnIdentity(path: path) }
            return .identity(pair)
        }
        if let path = settings.passphraseFile {
            return Self.opener(fromText: SecretFile.firstLine(try SecretFile.read(path, mustBePrivate: false)))
        }
        guard !settings.noInput, let prompt = Prompt() else { throw .needsPassphrase }
        guard let text = prompt.secret("Passphrase or recovery code: "), text.count > 0 else { throw .emptyPassphrase }
        return Self.opener(fromText: text)
    }

    /// A recovery code is recognised by its checksum; everything else is a passphrase.
    private static func opener(fromText text: SecretBytes) -> Opener {
        RecoveryCode(code: text).map(Opener.recovery) ?? .passphrase(text)
    }
}
