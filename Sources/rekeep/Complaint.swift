import Credentials
import Delivery
import Glibc
import Operations
import Providers
import Sealing
import Vault

/// Every word that the user reads about a failure: what happened, what to do, and the exit code.
struct Complaint {
    let text: String
    let hint: String?
    let status: Int32

    private init(_ text: String, hint: String? = nil, _ status: Int32) {
        self.text = text
        self.hint = hint
        self.status = status
    }

    /// As it is printed.
    var lines: String { "rekeep: " + text + (hint.map { "\n  hint: " + $0 } ?? "") }

    /// Nil for an error that is not ours.
    init?(_ error: any Error) {
        switch error {
        case let error as CommandError: self.init(error)
        case let error as OperationError: self.init(error)
        case let error as AddressError: self.init(error)
        default: return nil
        }
    }

    private static func system(_ code: Int32) -> String { String(cString: strerror(code)) }

    private init(_ error: AddressError) {
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
    private static func shown(_ text: String) -> String {
        let printable = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
        return printable.count > 24
            ? String(String.UnicodeScalarView(printable.prefix(8))) + "…" : String(String.UnicodeScalarView(printable))
    }

    private init(_ error: CommandError) {
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
        case .passphrasesDiffer:
            self.init("the two passphrases differ; nothing was made", hint: "try again", ExitStatus.badInput)
        case .nothingToOpenWith:
            self.init(
                "a vault needs a way to open it",
                hint: "run this at a terminal, or give --passphrase-file FILE or --identity-out FILE", ExitStatus.usage)
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
            self.init("\(path) can't be written: \(Self.system(code))", ExitStatus.cannotWrite)
        case .notAnIdentity(let path): self.init("\(path) holds no rekeep identity", ExitStatus.cannotOpen)
        case .notAnObject(let source):
            self.init(
                "\(source) is not one JSON object of texts, each name once",
                hint: #"such as {"reseller_id": "…", "api_key": "…"}"#, ExitStatus.badInput)
        case .programNotFound(let name, let code):
            self.init("\(name) can't be run: \(Self.system(code))", ExitStatus.missing)
        case .notWell(let status): self.init("", status)
        }
    }

    private init(_ error: OperationError) {
        switch error {
        case .vault(let error): self.init(error)
        case .delivery(let error): self.init(error)
        case .hygiene(let refusal): self.init(refusal)
        case .provider(let name, let refusal): self.init(refusal, of: name)
        case .courier(let refusal): self.init(refusal)
        case .courierMissing:
            self.init(
                "rekeep-courier is not there", hint: "it belongs beside rekeep, or in ../libexec/rekeep/",
                ExitStatus.badConfiguration)
        case .courierSilent: self.init("the courier gave no answer", hint: "try again", ExitStatus.indeterminate)
        case .unknownField(let name, let known):
            self.init(
                "there is no field '\(Self.shown(name))' here", hint: "the fields are \(known.joined(separator: ", "))",
                ExitStatus.badInput)
        case .missingField(let field):
            self.init(
                "the \(field.label) is missing", hint: "its name in --input is \(field.name)", ExitStatus.badInput)
        case .secretFieldInEdit(let field):
            self.init(
                "the \(field.label) is secret, and edit does not change it", hint: "use rotate", ExitStatus.badInput)
        case .keyOfOtherEnvironment(let holder):
            self.init(
                "this is the key of \(holder): the provider's \(holder.deployment.environment) environment",
                hint: "the two keys stand side by side in the panel; copy the other one", ExitStatus.badInput)
        case .retiredKey(let holder):
            self.init(
                "this key was retired at \(holder) and is never used again",
                hint: "issue a new one in the provider's panel",
                ExitStatus.badInput)
        case .sameKey(let state):
            self.init(
                "this is not a new key: the credential has it already, as its \(state) version",
                hint: "issue a new one in the provider's panel", ExitStatus.badInput)
        case .refused(let check): self.init(refused: check)
        case .indeterminate(let check):
            self.init(
                "the key could not be proved: \(check.message)",
                hint: "that says nothing about the key; try again later", ExitStatus.indeterminate)
        case .identityDiffers(let expected, let found):
            self.init(
                found.isEmpty
                    ? "the answer names no account, but \(expected) is on record"
                    : "the key works, but for another account: \(Self.shown40(found)) instead of \(expected)",
                hint: "check that you copied it from the right account", ExitStatus.notWell)
        case .expiryBeyondLifetime(let lifetime):
            self.init(
                "the provider gives no key more than \(lifetime)", hint: "look up the date in its panel",
                ExitStatus.badInput)
        case .expiryPassed(let time): self.init("\(time.date) has passed", ExitStatus.badInput)
        case .linkAcrossEnvironments(let one, let other):
            self.init("\(one) and \(other) are different environments and never share a key", ExitStatus.badInput)
        case .linkAcrossProviders(let one, let other):
            self.init("\(one) and \(other) have different providers", ExitStatus.badInput)
        case .renameAcrossIssuers(let old, let new):
            self.init(
                "\(old) can't become \(new): provider and environment belong to the key",
                hint: "remove it and add the other", ExitStatus.badInput)
        case .noTargets(let deployment):
            self.init(
                "\(deployment) has no target", hint: "rekeep target add \(deployment) --path FILE", ExitStatus.missing)
        case .noTarget(let path, let deployment):
            self.init(
                "\(deployment) has no target \(path)", hint: "rekeep target list \(deployment)", ExitStatus.missing)
        case .targetExists(let path, let deployment):
            self.init("\(deployment) has the target \(path) already", ExitStatus.badInput)
        case .noSuchPolicy(let pattern):
            self.init("there is no policy for \(pattern)", hint: "rekeep policy list", ExitStatus.missing)
        case .nothingMatches(let patterns):
            self.init(
                patterns.isEmpty
                    ? "the vault is empty" : "nothing fits \(patterns.map(\.description).joined(separator: " "))",
                hint: patterns.isEmpty ? "rekeep add ADDRESS" : "rekeep list", ExitStatus.missing)
        case .emptyDeployment(let deployment):
            self.init("\(deployment) has no credential", hint: "rekeep list", ExitStatus.missing)
        case .heldByAnother(let what, let process):
            self.init(
                "\(what) is under way" + (process.map { " in process \($0)" } ?? ""),
                hint: "try again when it has ended",
                ExitStatus.busy)
        case .lockUnavailable(let path, let code):
            self.init("the lock \(path) can't be taken: \(Self.system(code))", ExitStatus.cannotWrite)
        case .rotationOpen(let rotation):
            self.init(
                "a rotation of this credential is unfinished: \(rotation.state.name)",
                hint: Self.wayOn(rotation), ExitStatus.failed)
        case .noOpenRotation(let address): self.init("no rotation of \(address) is unfinished", ExitStatus.missing)
        case .cannotAbort(let rotation):
            self.init(
                "the rotation is \(rotation.state.name): the new key is current and can't be aborted",
                hint: Self.wayOn(rotation), ExitStatus.failed)
        case .wouldLoseKey(let address, let check):
            self.init(
                "the old key is not accepted any more, and the new one is not refused (\(check.message)); taking it back would lose the only key",
                hint: "rekeep rotate --resume \(address)", ExitStatus.failed)
        case .currentNotAccepted(let check):
            self.init(
                "the provider does not accept the current key either (\(check.message)), so its refusal of the old one proves nothing",
                hint: "rekeep check, then try again", ExitStatus.indeterminate)
        case .nothingToRetire(let address):
            self.init("\(address) has no previous key to retire", ExitStatus.missing)
        case .notDelivered(let rotation, let failed):
            self.init(
                "the old key is still needed: the new one has not reached every target"
                    + (failed.isEmpty ? "" : " (\(failed.joined(separator: ", ")))"),
                hint: "rekeep rotate --resume \(rotation.address)", ExitStatus.notWell)
        case .oldKeyAlive(let panelPath):
            self.init(
                "the provider still accepts the old key, so it is not erased",
                hint: "revoke it in the provider's panel: \(panelPath)", ExitStatus.notWell)
        case .refusedOnce(let again):
            self.init(
                "the provider refused the old key once; a second refusal, a minute later, is needed to erase it",
                hint: "run this again after \(again)", ExitStatus.notWell)
        }
    }

    private static func shown40(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(40)))
    }

    private static func wayOn(_ rotation: Rotation) -> String {
        switch rotation.state {
        case .planned: "rekeep rotate \(rotation.address)"
        case .staged, .proved:
            "rekeep rotate --resume \(rotation.address), or --abort to take it back"
        case .promoted, .delivering: "rekeep rotate --resume \(rotation.address)"
        case .grace, .retiring: "rekeep retire \(rotation.address)"
        case .done, .aborted, .rolledBack: "rekeep rotate \(rotation.address)"
        }
    }

    private init(refused check: Check) {
        let hint: String
        switch check.outcome {
        case .badCredentials:
            hint =
                "check the key and the account: a key of another account, of the other environment, or one that was replaced is refused like this"
        case .expired: hint = "issue a new one in the provider's panel"
        case .ipNotAllowed: hint = "add this machine's address to the allow-list in the provider's panel"
        case .forbidden: hint = "give the key the right to read the account's balance"
        case .wrongEnvironment: hint = "copy the key of the right environment"
        case .rateLimited, .providerDown, .ok, .unknown, .unreachable: hint = "try again later"
        }
        self.init("the key is not usable: \(check.message)", hint: hint, ExitStatus.notWell)
    }

    private init(_ refusal: Hygiene.Refusal) {
        switch refusal {
        case .empty(let field): self.init("the \(field.label) is empty", ExitStatus.badInput)
        case .notUTF8(let field):
            self.init("the \(field.label) is not text in UTF-8", hint: "copy it again", ExitStatus.badInput)
        case .tooLong(let field, let limit):
            self.init("the \(field.label) is longer than \(limit) bytes", ExitStatus.badInput)
        case .email(let field):
            self.init(
                "an e-mail address is not a \(field.label)",
                hint: "the \(field.label) stands beside the key in the provider's panel", ExitStatus.badInput)
        case .swapped(let field, let other):
            self.init(
                "\(field.label) and \(other.label) are swapped: each looks like the other",
                hint: "enter them the other way round",
                ExitStatus.badInput)
        case .wrongForm(let field):
            self.init(
                "the \(field.label) does not have the form that it should", hint: "copy it again, the whole of it",
                ExitStatus.badInput)
        }
    }

    private init(_ refusal: ProviderDescription.Refusal, of name: String) {
        switch refusal {
        case .noSuchEnvironment(let environment, let known):
            self.init(
                "\(name) has no environment '\(environment)'", hint: "it has \(known.joined(separator: ", "))",
                ExitStatus.missing)
        case .needsBaseURL:
            self.init("\(name) needs to know where to ask", hint: "give --base-url https://…", ExitStatus.usage)
        case .baseURL(.malformed):
            self.init(
                "the base URL is not of the form https://HOST[:PORT][/PATH]",
                hint: "leave out user, query and fragment",
                ExitStatus.badInput)
        case .baseURL(.notEncrypted(let host)):
            self.init("a key is never sent to \(host) without encryption", hint: "use https", ExitStatus.badInput)
        case .hostOfAnotherEnvironment(let host, let environment):
            self.init(
                "\(host) is the \(environment) environment of \(name)", hint: "keys of two environments never meet",
                ExitStatus.badInput)
        case .malformed: self.init("the profile of \(name) can't be used", ExitStatus.badConfiguration)
        }
    }

    private init(_ refusal: CourierAnswer.Refusal) {
        switch refusal {
        case .noSuchProvider(let name, let known):
            self.init(
                "there is no provider '\(Self.shown(name))'", hint: "there are \(known.joined(separator: ", "))",
                ExitStatus.missing)
        case .noSuchEnvironment(let name): self.init("the provider has no environment '\(name)'", ExitStatus.missing)
        case .badProfile(let file, let place, let problem):
            self.init(
                "the profile \(file) is wrong" + (place.isEmpty ? "" : " at \(place)") + ": \(problem)",
                ExitStatus.badConfiguration)
        case .badBaseURL: self.init("the base URL is refused", ExitStatus.badConfiguration)
        case .malformedQuestion:
            self.init("the courier did not understand; are both programs of one version?", ExitStatus.badConfiguration)
        }
    }

    private init(_ error: VaultError) {
        switch error {
        case .missing(let path):
            self.init("there is no vault at \(path)", hint: "rekeep init", ExitStatus.missing)
        case .alreadyExists(let path):
            self.init("there is a vault at \(path) already; it is left as it is", ExitStatus.cannotWrite)
        case .notAccessible(let path, let code):
            self.init(
                "\(path) can't be opened: \(Self.system(code))",
                code == EACCES || code == EPERM ? ExitStatus.cannotOpen : ExitStatus.failed)
        case .notAVault(let path):
            self.init("\(path) is not a rekeep vault, or its first page is damaged", ExitStatus.damaged)
        case .newerFormat(let found, let known):
            self.init(
                "the vault has format \(found), and this rekeep knows up to \(known)",
                hint: "use the newer rekeep that wrote it",
                ExitStatus.cannotOpen)
        case .damaged(let damage):
            self.init(
                "the vault is damaged or was tampered with: \(Self.description(damage))",
                hint: "nothing was changed; keep this file and go back to a backup", ExitStatus.damaged)
        case .rolledBack(let found, let lastSeen):
            self.init(
                "this is an older copy of the vault: generation \(found), and this machine has seen \(lastSeen)",
                hint: "an older copy may bring retired keys back; find the newest one", ExitStatus.damaged)
        case .lastSeenDamaged(let path):
            self.init(
                "\(path), which remembers the newest vault seen here, is not authentic",
                hint: "if you know why, remove that file; an older vault is then not noticed", ExitStatus.damaged)
        case .lastSeenNotWritten(let path, let code):
            self.init(
                "the change is stored, but \(path) can't be written: \(Self.system(code))",
                hint: "until it can, an older copy of the vault is not noticed", ExitStatus.cannotWrite)
        case .noSlotFits:
            self.init("that does not open this vault", hint: "check the passphrase", ExitStatus.cannotOpen)
        case .noSuchSlot: self.init("the vault has no slot of that kind", ExitStatus.cannotOpen)
        case .busy:
            self.init("another process holds the vault for too long", hint: "try again", ExitStatus.busy)
        case .diskFull: self.init("the disk is full; nothing was changed", ExitStatus.failed)
        case .storage(let code):
            self.init("the vault can't be read or written (SQLite \(code)); nothing was changed", ExitStatus.failed)
        case .derivation(.outOfMemory):
            self.init("there is not enough memory to derive the key", ExitStatus.cannotOpen)
        case .derivation(.costsOutOfRange(let operations, let memory)):
            self.init(
                "a slot asks for a key derivation outside the accepted range (\(operations) passes over \(memory >> 20) MiB)",
                hint: "the vault was tampered with, or made by something else", ExitStatus.damaged)
        case .derivation(.notAuthentic): self.init("a slot can't be made for that key", ExitStatus.badInput)
        case .givenUp: self.init("nothing was changed", ExitStatus.failed)
        case .noSuchAddress(let address): self.init("there is no \(address)", hint: "rekeep list", ExitStatus.missing)
        case .noSuchDeployment(let deployment):
            self.init("there is no \(deployment)", hint: "rekeep list", ExitStatus.missing)
        case .ambiguous(let deployment, let candidates):
            self.init(
                "\(deployment) has several credentials",
                hint: "name one: \(candidates.map(\.description).joined(separator: ", "))",
                ExitStatus.usage)
        case .addressTaken(let address):
            self.init(
                "\(address) exists already", hint: "use rotate for a new key, or remove it first", ExitStatus.badInput)
        }
    }

    private static func description(_ damage: Damage) -> String {
        switch damage {
        case .file: "the file's structure"
        case .header: "the header, or the set of slots, does not fit its seal"
        case .slot(let number): "slot \(number) does not fit its checksum or form"
        case .slotKey(let number): "slot \(number) leads to another key than the vault's"
        case .record(let table): "a record of '\(table)' does not fit its seal"
        case .freshness(let table): "a record of '\(table)' is missing, duplicated or from an older copy"
        case .secret: "a secret value does not fit its seal"
        case .log(let entry): "entry \(entry) of the audit log does not fit the chain"
        }
    }

    init(_ error: DeliveryError) {
        switch error {
        case .noSuchPreset(let name, let known):
            self.init(
                "there is no preset '\(name)'", hint: "there are \(known.joined(separator: ", "))", ExitStatus.missing)
        case .noSuchDialect(let name, let known):
            self.init(
                "there is no dialect '\(name)'", hint: "there is \(known.joined(separator: ", "))", ExitStatus.missing)
        case .noVariables(let path):
            self.init(
                "the deployment that \(path) belongs to has no credential any more, and the file may hold old values",
                hint: "rekeep target remove, and look at the file", ExitStatus.cannotWrite)
        case .sameFile(let path, let other, let variable):
            self.init(
                "\(other) writes \(variable) to \(path) too",
                hint: "give each deployment a file of its own, or other names with --prefix",
                ExitStatus.badInput)
        case .sameVariable(let name, let one, let other):
            self.init(
                "\(one) and \(other) would both set \(name)", hint: "give one of them another name with --prefix",
                ExitStatus.badInput)
        case .notEncodable(let variable, let reason):
            self.init(
                "\(variable) has no spelling that every .env reader reads alike: \(Self.description(reason))",
                hint: "ask the provider for a key of letters and digits", ExitStatus.badInput)
        case .badVariableName(let name):
            self.init(
                "'\(name)' is no name for a variable", hint: "use A-Z, 0-9 and _, beginning with a letter",
                ExitStatus.badInput)
        case .notAFile(let path): self.init("\(path) is not a regular file", ExitStatus.cannotWrite)
        case .symbolicLink(let path):
            self.init(
                "\(path) is a symbolic link, and links are not followed", hint: "name the file that it leads to",
                ExitStatus.cannotWrite)
        case .notAbsolute(let path):
            self.init("\(path) is not a plain absolute path (no //, no . and no ..)", ExitStatus.usage)
        case .tooLarge(let path, let limit): self.init("\(path) is larger than \(limit) bytes", ExitStatus.cannotWrite)
        case .byteOrderMark(let path):
            self.init(
                "\(path) begins with a byte-order mark, which most readers take for a part of the first name",
                hint: "save it without", ExitStatus.cannotWrite)
        case .setTwice(let path, let variable, let lines):
            self.init(
                "\(path) sets \(variable) on lines \(lines.map(String.init).joined(separator: " and ")); readers disagree which counts",
                hint: "delete all but one", ExitStatus.cannotWrite)
        case .noSuchUser(let name): self.init("there is no user '\(name)'", ExitStatus.badInput)
        case .noSuchGroup(let name): self.init("there is no group '\(name)'", ExitStatus.badInput)
        case .file(let path, let step, let code):
            self.init("\(path): \(step.rawValue) failed: \(Self.system(code))", ExitStatus.cannotWrite)
        case .changedMeanwhile(let path):
            self.init(
                "somebody else changed \(path) at this moment; it is left as it is", hint: "try again",
                ExitStatus.cannotWrite)
        case .readBackDiffers(let path, let variable):
            self.init("\(path) does not read back as what was written (\(variable))", ExitStatus.cannotWrite)
        case .hookNotFound(let program):
            self.init("the hook's program is not found or not executable: \(program)", ExitStatus.cannotWrite)
        case .hookNeedsShell:
            self.init(
                "hooks are words, not shell lines", hint: "put it into a script, or use: sh -c '…'", ExitStatus.usage)
        case .hookFailed(let program, let status):
            self.init("the hook \(program) ended with \(status)", ExitStatus.cannotWrite)
        case .hookTimedOut(let program, let seconds):
            self.init("the hook \(program) did not end within \(seconds) seconds", ExitStatus.cannotWrite)
        case .vaultUnavailable:
            self.init("the vault could not be read or written during the delivery", ExitStatus.failed)
        }
    }

    private static func description(_ reason: Unencodable) -> String {
        switch reason {
        case .zeroByte: "it holds a zero byte"
        case .lineBreak: "it holds a line break"
        case .notUTF8: "it is not UTF-8"
        case .quotes: "it mixes quotes, backslashes or dollar signs"
        }
    }
}
