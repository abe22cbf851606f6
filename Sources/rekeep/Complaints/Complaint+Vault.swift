import Glibc
import Sealing
import Vault

extension Complaint {
    init(_ error: VaultError) {
        switch error {
        case .missing(let path):
            self.init("there is no vault at \(path)", hint: "rekeep init", ExitStatus.missing)
        case .alreadyExists(let path):
            self.init(
                "\(path) is there already and is left as it is", hint: "choose another place", ExitStatus.cannotWrite)
        case .notAccessible(let path, let code):
            self.init(
                "\(path) can't be opened: \(Self.system(code)); nothing was changed",
                code == EACCES || code == EPERM ? ExitStatus.cannotOpen : ExitStatus.failed)
        case .notWritable(let path, let code):
            self.init(
                "\(path) can't be written: \(Self.system(code)); nothing was changed", ExitStatus.cannotWrite)
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
                hint: "an older copy may bring retired keys back; find the newest one, or see rekeep restore --help",
                ExitStatus.damaged)
        case .olderThanVault(let copy, let newest):
            self.init(
                "the copy is older: generation \(copy), and the newest known is \(newest); nothing was changed",
                hint: "--accept-rollback restores it all the same, without the keys that were retired since",
                ExitStatus.damaged)
        case .presentNotOpened(let path):
            self.init(
                "what opens the copy does not open \(path), so it can't be told which of them is newer; nothing was changed",
                hint: "--accept-rollback restores the copy all the same; what is there is kept beside it",
                ExitStatus.cannotOpen)
        case .otherVault(let path):
            self.init(
                "\(path) is not this vault's, so it is not replaced",
                hint: "move it away, or restore to another place with --vault", ExitStatus.cannotWrite)
        case .foreignFile(let path, let fault):
            self.init(
                "\(path) is not opened: \(Self.description(fault))",
                hint: Self.remedy(fault, path), ExitStatus.damaged)
        case .superJournal(let path):
            self.init(
                "\(path) is a forged journal: it names another file to be deleted; nothing was changed",
                hint: "find out who can write its directory, then move it away", ExitStatus.damaged)
        case .writeAheadLog(let path):
            self.init(
                "\(path) asks for a write-ahead log, which no vault has; nothing was changed",
                hint: "the vault was changed by something else; go back to a backup", ExitStatus.damaged)
        case .replaced(let path):
            self.init(
                "another file was put in the place of \(path) meanwhile, so what lies there is not what was written",
                hint: "find out who can write its directory, then look at rekeep verify", ExitStatus.damaged)
        case .companion(let path):
            self.init(
                "\(path) lies there, which would be read together with the file beside it; nothing was changed",
                hint: "a copy with a journal is not whole: make copies with rekeep backup, or move that file away",
                ExitStatus.damaged)
        case .forked(let fork): self.init(fork)
        case .exchanged(let exchange): self.init(exchange)
        case .recordRefused(let path, .missing):
            self.init(
                "\(path) is gone, by which this machine knows how new the vault has to be",
                hint:
                    "if you removed it, rekeep trust makes it anew (rekeep restore takes --accept-rollback); else look for an older copy that was put in place",
                ExitStatus.damaged)
        case .recordRefused(let path, .forged):
            self.init(
                "\(path), by which this machine knows the vault, is damaged or another vault's",
                hint:
                    "a disk fault or an exchanged vault; rekeep trust shows what lies there, and asks (rekeep restore takes --accept-rollback)",
                ExitStatus.damaged)
        case .recordRefused(let path, .foreign(let fault)):
            self.init(
                "\(path), by which this machine knows the vault, can't be believed: \(Self.description(fault))",
                hint: Self.remedy(fault, path), ExitStatus.damaged)
        case .rekeyed:
            self.init("another process re-keyed the vault meanwhile", hint: "run it again", ExitStatus.busy)
        case .retiredSecret(let address):
            self.init(
                "the key of \(address?.description ?? "a credential") was retired and is never used again",
                hint: "rekeep rotate takes the new key", ExitStatus.badInput)
        case .noSlotNamed(let name):
            self.init("there is no slot '\(Self.shown(name))'", hint: "rekeep slot list", ExitStatus.missing)
        case .slotNameTaken(let name):
            self.init(
                "there is a slot \(name) already, of this name or with the same key", hint: "rekeep slot list",
                ExitStatus.badInput)
        case .lastSlot:
            self.init(
                "that is the last slot; without it nobody could open the vault", hint: "add another slot first",
                ExitStatus.badInput)
        case .tooManyPassphrases:
            self.init(
                "trying that many passphrases would take too long for one opening",
                hint: "remove a passphrase slot first, or add an identity", ExitStatus.badInput)
        case .tooManySlots: self.init("a vault has at most 64 slots", hint: "remove one first", ExitStatus.badInput)
        case .storedNotSynced:
            self.init(
                "the change is stored, but the system could not say that it is durable",
                hint: "a power cut may still undo it; look at the disk, then run rekeep verify", ExitStatus.failed)
        case .storedUnknown:
            self.init(
                "the disk failed so that it can't be told whether the change is stored",
                hint: "look at the disk, then at rekeep log and rekeep verify", ExitStatus.failed)
        case .lastSeenNotWritten(let path, let code):
            self.init(
                "the change is stored, but \(path) can't be written: \(Self.system(code))",
                hint: "until it can, an older copy of the vault is not noticed", ExitStatus.cannotWrite)
        case .noSlotFits:
            self.init("that does not open this vault", hint: "check the passphrase", ExitStatus.cannotOpen)
        case .noSuchSlot: self.init("the vault has no slot of that kind", ExitStatus.cannotOpen)
        case .held(let process):
            self.init(
                "another process is at work on it" + (process.map { ": \($0)" } ?? ""),
                hint: "try again when it has ended", ExitStatus.busy)
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
        case .derivation(.workOutOfRange):
            self.init(
                "the passphrase slots together ask for more work than one opening may do",
                hint: "the vault was tampered with, or made by something else", ExitStatus.damaged)
        case .derivation(.notAuthentic): self.init("a slot can't be made for that key", ExitStatus.badInput)
        case .cancelled: self.init("nothing was changed", ExitStatus.failed)
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

    init(_ fork: Fork) {
        func text(_ point: LogPoint?) -> String {
            point.map { "on \(Self.shown($0.host)), \($0.at)" } ?? "elsewhere"
        }
        let shared =
            fork.shared.map { "they last shared generation \($0.generation) of \($0.at)" }
            ?? "they parted longer ago than this machine remembers"
        self.init(
            "this copy of the vault went on by itself: \(shared); "
                + "the one seen here went on \(text(fork.seenWentOn)) to generation \(fork.lastSeen), "
                + "this one \(text(fork.foundWentOn)) to generation \(fork.found)",
            hint:
                "what was done in the other copy is not in this one: find the other file, and keep both; rekeep trust goes on with this one",
            ExitStatus.damaged)
    }

    init(_ exchange: Exchange) {
        let expected = exchange.expected.map(\.description).joined(separator: " or ")
        let (who, hint) =
            switch exchange.witness {
            case .path(let path):
                (
                    "this machine knows another vault at \(path)",
                    "if you put this one there, rekeep trust says so; else somebody exchanged it (a copy of another vault is restored to another place: --vault)"
                )
            case .identity:
                (
                    "on this machine the identity has opened another vault",
                    "if it is to open this one too, rekeep trust says so; else somebody exchanged the vault"
                )
            case .identityFile:
                (
                    "the identity names another vault",
                    "if it is to open this one too, add the line \(exchange.found) to the identity file"
                )
            case .option:
                (
                    "--vault-id or REKEEP_VAULT_ID names another vault",
                    "somebody exchanged it, or the id is of another one"
                )
            }
        self.init(
            "this is not the vault that is expected: \(who), \(expected); this is \(exchange.found)", hint: hint,
            ExitStatus.damaged)
    }

    /// What has to be said although the vault was opened.
    static func notice(_ notice: VaultNotice) -> String {
        switch notice {
        case .firstSeen(let pin, let generation):
            "This machine has not seen the vault before: \(pin), generation \(generation). It will know it from now on."
        case .notRemembered(let path, let code):
            "warning: \(path) can't be written (\(system(code))), so this machine can't notice an older or exchanged vault"
        case .recordTorn(let generation):
            "warning: this machine's last record of the vault was not written whole; the one before it, generation \(generation), counted"
        }
    }

    private static func description(_ fault: FileFault) -> String {
        switch fault {
        case .link: "it is a symbolic link"
        case .notRegular: "it is not a regular file"
        case .names(let count): "it has \(count) names (hard links), so that it may be another file"
        case .owner(let user): "it belongs to user \(user)"
        case .writableByOthers(let mode): "others can write it (mode 0\(String(mode, radix: 8)))"
        }
    }

    private static func remedy(_ fault: FileFault, _ path: String) -> String {
        switch fault {
        case .link, .notRegular: "find out who can write its directory, then move it away"
        case .names: "find the other name (find -samefile) and remove the one that should not be"
        case .owner: "if that is right, run rekeep as that user; else move it away"
        case .writableByOthers: "chmod go-w \(path), then look at it with rekeep verify"
        }
    }

    static func description(_ damage: Damage) -> String {
        switch damage {
        case .file: "the file's structure"
        case .header: "the header, or the set of slots, does not fit its seal"
        case .slot(let number): "slot \(number) does not fit its checksum or form"
        case .slotKey(let number): "slot \(number) leads to another key than the vault's"
        case .slotAnchor(let number):
            "slot \(number) opens, but was made for another vault: the vault was exchanged"
        case .record(let table): "a record of '\(table)' does not fit its seal"
        case .freshness(let table): "a record of '\(table)' is missing, duplicated or from an older copy"
        case .secret: "a secret value does not fit its seal"
        case .versions: "a credential has more than one current version"
        case .log(let entry): "entry \(entry) of the audit log does not fit the chain"
        }
    }
}
