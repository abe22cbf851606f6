import Credentials
import Keyring
import Operations
import Vault

/// What a command itself can run into, besides what its operation reports.
enum CommandError: Error {
    case operation(OperationError)
    /// A value has to be given and there is nobody to ask.
    case needsInput(what: String, option: String)
    case needsConfirmation
    case needsPassphrase
    case emptyPassphrase
    /// The terminal gave no answer: Ctrl-D, or it is gone.
    case inputEnded
    /// Nothing was opened by what was given.
    case doesNotOpen(Key)
    /// There is nothing to restore from.
    case noCopy(path: String)
    case nothingToOpenWith
    case keyring(KeyringError)
    case declined
    /// A rotation that has its new key is not to go on now.
    case stopped(Address)
    case fileUnreadable(path: String, errno: Int32)
    case fileNotPrivate(path: String, mode: UInt32)
    case fileExists(path: String)
    case fileNotWritten(path: String, errno: Int32)
    case notAnIdentity(path: String)
    case notAPublicKey
    case notAVaultID
    /// The directory of this machine's records can be written by others, or is another user's.
    case stateNotPrivate(path: String, owner: UInt32, mode: UInt32)
    case notASlotName(String)
    case notAnObject(source: String)
    case notAnObjectOfObjects(source: String)
    /// Values were given for something that is not to be rotated.
    case notAskedFor(address: String)
    case programNotFound(String, errno: Int32)
    /// Another credential has the same key and would lose it.
    case sharedKey([String])
    /// What was pasted at a prompt could not be stored.
    case pasteNotKept(VaultError, Address)
    /// Targets could not be written with a new key.
    case notReady(count: Int)

    /// What a vault was to be opened with.
    enum Key {
        case identity(path: String, vaults: [VaultPin])
        case typed
    }
}
