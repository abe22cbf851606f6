import Credentials
import Delivery
import Glibc
import Operations
import Providers
import Sealing
import Vault

/// Every word that the user reads about a failure: what happened, what to do, and the exit code. The
/// files beside this one have the words for one kind of failure each.
struct Complaint {
    let text: String
    let hint: String?
    let status: Int32

    init(_ text: String, hint: String? = nil, _ status: Int32) {
        self.text = text
        self.hint = hint
        self.status = status
    }

    /// As it is printed.
    var lines: [String] { ["rekeep: " + text] + (hint.map { ["  hint: " + $0] } ?? []) }

    /// Nil for an error that is not ours.
    init?(_ error: any Error) {
        switch error {
        case let error as CommandError: self.init(error)
        case let error as OperationError: self.init(error)
        case let error as AddressError: self.init(error)
        default: return nil
        }
    }

    static func system(_ code: Int32) -> String { String(cString: strerror(code)) }

    init(_ error: AddressError) {
        switch error {
        case .malformed(let text):
            self.init(
                "'\(Self.shown(text))' is not an address",
                hint: "an address is APPLICATION/ENVIRONMENT/PROVIDER[@ACCOUNT], such as whmcs/live/domainnameapi",
                ExitStatus.usage)
        case .malformedPattern(let text):
            self.init(
                "'\(Self.shown(text))' is not a pattern",
                hint: "a pattern is an address with * and ? in it, such as '*/live/*' or 'whmcs/**'", ExitStatus.usage)
        }
    }

    /// What was typed, without control characters and cut short: it may be a value in the wrong place.
    static func shown(_ text: String) -> String {
        let printable = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
        return printable.count > 24
            ? String(String.UnicodeScalarView(printable.prefix(8))) + "…" : String(String.UnicodeScalarView(printable))
    }

    init(_ error: CommandError) {
        switch error {
        case .operation(let error): self.init(error)
        case .needsInput(let what, let option):
            self.init("\(what) is needed and there is no terminal to ask at", hint: "give \(option)", ExitStatus.usage)
        case .needsConfirmation:
            self.init(
                "this needs a confirmation and there is no terminal to ask at", hint: "give --yes", ExitStatus.usage)
        case .needsPassphrase:
            self.init(
                "the vault is locked and there is no terminal to ask at",
                hint: "give --identity FILE or --passphrase-file FILE", ExitStatus.cannotOpen)
        case .emptyPassphrase: self.init("the passphrase is empty", ExitStatus.cannotOpen)
        case .inputEnded:
            self.init(
                "the terminal ended the input; nothing was done",
                hint: "answer the question; scripts give --input FILE, --yes or --identity FILE", ExitStatus.failed)
        case .doesNotOpen(.identity(let path, let vaults)):
            self.init(
                "the identity \(path) has no slot in this vault",
                hint: vaults.first.map { "it is for the vault \($0): name that one with --vault" }
                    ?? "somebody who can open the vault adds one: rekeep slot add identity --public REKEEP-PUBLIC-1-…",
                ExitStatus.cannotOpen)
        case .doesNotOpen(.typed):
            self.init(
                "that is neither a passphrase nor the recovery code of this vault",
                hint: "look at Caps Lock and the keyboard's layout, and whether --vault names the right file",
                ExitStatus.cannotOpen)
        case .noCopy(let path):
            self.init(
                "there is no copy at \(path)", hint: "name a file that rekeep backup has made", ExitStatus.missing)
        case .keyring(let error): self.init(error)
        case .nothingToOpenWith:
            self.init(
                "a vault needs a way to open it",
                hint: "run this at a terminal, or give --passphrase-file FILE or --identity-out FILE", ExitStatus.usage)
        case .stopped(let address):
            self.init(
                "stopped; the new key is kept, and nothing uses it yet",
                hint: "rekeep rotate --resume \(address) goes on, --abort takes it back", ExitStatus.failed)
        case .declined: self.init("nothing was done", ExitStatus.failed)
        case .fileUnreadable(let path, let code):
            self.init(
                "\(path) can't be read: \(Self.system(code))", code == ENOENT ? ExitStatus.missing : ExitStatus.badInput
            )
        case .fileNotPrivate(let path, let mode):
            self.init(
                "\(path) can be read by others (mode 0\(String(mode, radix: 8))), so it may not be secret any more",
                hint: "chmod 600 \(path), and think about who could have read it", ExitStatus.cannotOpen)
        case .fileExists(let path):
            self.init(
                "\(path) exists already and is not overwritten", hint: "choose another name", ExitStatus.cannotWrite)
        case .fileNotWritten(let path, let code):
            self.init("\(path) can't be written: \(Self.system(code)); nothing was changed", ExitStatus.cannotWrite)
        case .notAPublicKey:
            self.init(
                "that is not a rekeep public key, or a character of it is wrong",
                hint: "it begins with REKEEP-PUBLIC-1-; rekeep slot keygen FILE shows it", ExitStatus.badInput)
        case .notAVaultID:
            self.init(
                "that is not a vault's id, or a character of it is wrong",
                hint:
                    "--vault-id and REKEEP_VAULT_ID take what rekeep init and rekeep verify show; it begins with REKEEP-VAULT-1-",
                ExitStatus.usage)
        case .stateNotPrivate(let path, let owner, let mode) where mode & 0o022 != 0:
            self.init(
                "\(path), by which user \(owner) knows vaults, can be written by others (mode 0\(String(mode, radix: 8)))",
                hint: "chmod 700 \(path)", ExitStatus.cannotOpen)
        case .stateNotPrivate(let path, let owner, _):
            self.init(
                "\(path), by which this machine knows its vaults, belongs to user \(owner)",
                hint: "run rekeep as that user, or name another directory with XDG_STATE_HOME", ExitStatus.cannotOpen)
        case .notASlotName(let text):
            self.init(
                "'\(Self.shown(text))' cannot be a slot's name",
                hint: "up to 64 of A-Z a-z 0-9 . _ @ + -, beginning with a letter, a digit, _ or @", ExitStatus.usage)
        case .notAnIdentity(let path): self.init("\(path) holds no rekeep identity", ExitStatus.cannotOpen)
        case .notAnObject(let source):
            self.init(
                "\(source) is not one JSON object of texts, each name once",
                hint: #"such as {"reseller_id": "…", "api_key": "…"}"#, ExitStatus.badInput)
        case .notAnObjectOfObjects(let source):
            self.init(
                "\(source) is not one JSON object of addresses, each with an object of texts",
                hint: #"such as {"whmcs/live/domainnameapi": {"api_key": "…"}}"#, ExitStatus.badInput)
        case .notAskedFor(let address):
            self.init(
                "there are values for \(GivenName.address(address) ?? "an address that is not shown, because it could hold a key"), which is not among what is to be rotated; nothing was changed",
                hint: "leave it out, or choose patterns that it fits", ExitStatus.badInput)
        case .programNotFound(let name, let code):
            self.init("\(name) can't be run: \(Self.system(code))", ExitStatus.missing)
        case .pasteNotKept(let error, let address):
            self.init(
                "\(Self.cause(error)); the pasted key was not kept",
                hint: "free some space, then rekeep rotate \(address) takes it", Complaint(error).status)
        case .sharedKey(let addresses):
            self.init(
                "\(addresses.joined(separator: ", ")) has the same key and would stop working; nothing was begun",
                hint: "rekeep link gives both one key; --shared-too goes on all the same", ExitStatus.usage)
        case .notReady(let count):
            self.init(
                "\(count) target\(count == 1 ? "" : "s") could not be written, so nothing was begun",
                hint: "mend this first; the old key stays in use", ExitStatus.cannotWrite)
        }
    }
}
