import Credentials
import Glibc
import Operations
import Providers
import Sealing
import Vault

/// Opens the vault: identity, then passphrase.
struct Opening {
    let options: GlobalOptions
    let console: Console

    /// The keeper of the vault that the options name.
    func keeper() throws(CommandError) -> Keeper {
        let file: VaultFile
        do {
            file = try VaultFile(path: options.vaultPath)
        } catch {
            throw .operation(.vault(error))
        }
        guard Surroundings.makeDirectory(Surroundings.stateDirectory) else {
            throw .fileNotWritten(path: Surroundings.stateDirectory, errno: errno)
        }
        let opener = try opener(for: file)
        do {
            let vault = try file.open(with: opener, stateDirectory: Surroundings.stateDirectory)
            if !SecretBytes.memoryIsLocked {
                console.note("warning: the system does not lock memory for this user (ulimit -l); keys may be swapped to disk")
            }
            return Keeper(vault: vault, courier: try Self.courier(), stateDirectory: Surroundings.stateDirectory)
        } catch let error as VaultError {
            throw .operation(.vault(error))
        } catch let error as CommandError {
            throw error
        } catch {
            throw .nothingToOpenWith
        }
    }

    static func courier() throws(CommandError) -> CourierClient {
        guard let path = Surroundings.courier else { throw .courierMissing }
        var environment: [String: String] = [:]
        for name in CourierClient.passedVariables {
            if let value = Surroundings.variable(name) { environment[name] = value }
        }
        return CourierClient(executable: path, ownProfiles: Surroundings.ownProfiles, environment: environment)
    }

    private func opener(for file: VaultFile) throws(CommandError) -> Opener {
        if let path = options.identityPath {
            let content = try SecretFile.read(path, mustBePrivate: true)
            guard let pair = IdentityFile.pair(from: content) else { throw .notAnIdentity(path: path) }
            return .identity(pair)
        }
        if let path = options.passphraseFile {
            return Self.opener(fromText: SecretFile.firstLine(try SecretFile.read(path, mustBePrivate: false)))
        }
        guard !options.noInput, let prompt = Prompt() else { throw .needsPassphrase }
        guard let text = prompt.secret("Passphrase or recovery code: "), text.count > 0 else { throw .emptyPassphrase }
        return Self.opener(fromText: text)
    }

    /// A recovery code is recognised by its checksum; everything else is a passphrase.
    private static func opener(fromText text: SecretBytes) -> Opener {
        RecoveryCode(code: text).map(Opener.recovery) ?? .passphrase(text)
    }
}
