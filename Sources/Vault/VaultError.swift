public import Credentials
public import Sealing

/// What can go wrong with a vault.
public enum VaultError: Error, Equatable, Sendable {
    /// Nothing at this path.
    case missing(path: String)
    case alreadyExists(path: String)
    /// The file is there, but the system refuses it.
    case notAccessible(path: String, errno: Int32)
    /// A new file cannot be made there.
    case notWritable(path: String, errno: Int32)
    case notAVault(path: String)
    /// The vault or its journal is a link, no regular file, has a second name, or could be somebody else's.
    case foreignFile(path: String, FileFault)
    /// The journal names another journal, which SQLite would delete.
    case superJournal(path: String)
    /// The vault's header asks for a write-ahead log, which no vault has.
    case writeAheadLog(path: String)
    /// Written by a newer rekeep.
    case newerFormat(found: Int, known: Int)
    /// A part of the vault does not fit its seal, its place or its neighbours.
    case damaged(Damage)
    /// An older copy of the vault than the one last seen on this machine.
    case rolledBack(found: UInt64, lastSeen: UInt64)
    /// A copy that went on by itself, without what was done in the one last seen on this machine.
    case forked(Fork)
    /// Another vault lies where a certain one is expected.
    case exchanged(Exchange)
    /// A record of this machine's, outside the vault, cannot be believed.
    case recordRefused(path: String, RecordFault)
    /// Another file was put in a file's place while it was being written.
    case replaced(path: String)
    /// The change is stored, but the system could not say that it is durable.
    case storedNotSynced
    /// The system failed so that it cannot be told whether the change is stored.
    case storedUnknown
    /// The change is stored, but the record of what was last seen could not be written.
    case lastSeenNotWritten(path: String, errno: Int32)
    /// No slot is opened by what was given.
    case noSlotFits
    /// No slot of that kind exists.
    case noSuchSlot
    /// No slot has this name.
    case noSlotNamed(String)
    case slotNameTaken(SlotName)
    /// A vault without a slot could never be opened again.
    case lastSlot
    case tooManySlots
    /// Trying all passphrase slots would take longer than one opening may.
    case tooManyPassphrases
    /// The value was retired and erased.
    case retiredSecret(of: Address?)
    /// The copy is older than the vault that it would replace, or than the last one seen here.
    case olderThanVault(copy: UInt64, newest: UInt64)
    /// The vault at the place is not opened by what opens the copy, so that nothing can be told of it.
    case presentNotOpened(path: String)
    /// Another vault, or something else, lies where the copy would go.
    case otherVault(path: String)
    /// A file lies beside a copy that SQLite could read with it.
    case companion(path: String)
    /// Another process re-keyed the vault while it was open here.
    case rekeyed
    /// Another process holds the vault for too long.
    case busy
    /// Another process works on what may be worked on by one alone.
    case held(process: Int32?)
    case diskFull
    /// SQLite failed with this result code.
    case storage(code: Int32)
    case derivation(SealingError)

    /// The caller gave the transaction up; nothing has changed.
    case cancelled

    case noSuchAddress(Address)
    case noSuchDeployment(Deployment)
    case ambiguous(Deployment, candidates: [Address])
    case addressTaken(Address)
}

extension VaultError {
    /// The disk or the system failed, rather than anything in the vault.
    public var isOfStorage: Bool {
        switch self {
        case .diskFull, .storage: true
        default: false
        }
    }

    /// Something failed after the change was stored, or perhaps stored.
    public var leavesChange: Bool {
        switch self {
        case .storedNotSynced, .storedUnknown, .lastSeenNotWritten: true
        default: false
        }
    }

    /// The class of docs/format.md: what a reader says of a vault that it does not accept.
    public var damageClass: String? {
        switch self {
        case .notAVault: "not-a-vault"
        case .foreignFile: "foreign-file"
        case .superJournal: "super-journal"
        case .writeAheadLog: "write-ahead-log"
        case .newerFormat: "newer-format"
        case .damaged(let damage): damage.name
        case .derivation(.costsOutOfRange), .derivation(.workOutOfRange): "kdf-costs"
        case .noSlotFits, .noSuchSlot: "no-slot-fits"
        case .rolledBack, .olderThanVault: "rolled-back"
        case .forked: "forked"
        case .exchanged: "exchanged"
        case .recordRefused: "outside-record"
        case .companion: "companion"
        case .replaced: "foreign-file"
        default: nil
        }
    }
}

/// Another vault than the one that is known.
public struct Exchange: Hashable, Sendable {
    /// Who expects another vault.
    public enum Witness: Hashable, Sendable {
        /// This machine, by the path.
        case path(String)
        /// This machine, by the identity.
        case identity
        /// The identity file itself.
        case identityFile
        /// Whoever gave --vault-id.
        case option
    }

    /// The vault that lies there.
    public let found: VaultPin
    /// Any of these would have been right.
    public let expected: [VaultPin]
    /// Whose expectation it is.
    public let witness: Witness
}

/// Why a record of this machine's is not believed.
public enum RecordFault: Equatable, Sendable {
    /// The vault was used here, and the record is gone.
    case missing
    /// It is of another vault, was changed, or was not written whole.
    case forged
    case foreign(FileFault)
}

/// What does not keep a vault from being opened, and must not go unsaid.
public enum VaultNotice: Equatable, Sendable {
    /// This machine has nothing to compare the vault with.
    case firstSeen(VaultPin, generation: UInt64)
    /// What was seen cannot be remembered.
    case notRemembered(path: String, errno: Int32)
    /// The newest record was not written whole; the one before it counted.
    case recordTorn(generation: UInt64)
}

extension Damage {
    /// The class of docs/format.md.
    public var name: String {
        switch self {
        case .file: "file"
        case .header: "header"
        case .slot: "slot"
        case .slotKey: "slot-key"
        case .slotAnchor: "slot-anchor"
        case .record: "record"
        case .freshness: "freshness"
        case .secret: "secret"
        case .log: "log"
        case .versions: "versions"
        }
    }
}

/// Where damage was found.
public enum Damage: Equatable, Sendable {
    /// The file's structure.
    case file
    /// The vault's header, or the set of its slots.
    case header
    case slot(number: Int)
    /// A slot leads to another key than the vault's.
    case slotKey(number: Int)
    /// A slot that was made for another vault: somebody exchanged the vault under it.
    case slotAnchor(number: Int)
    /// A record does not fit its seal or its place.
    case record(table: String)
    /// A record is missing, duplicated or from an older copy.
    case freshness(table: String)
    /// A secret value does not fit its seal or the fingerprint on record.
    case secret
    case log(entry: Int64)
    /// A credential has more than one current version.
    case versions
}
