public import Credentials
internal import Glibc
internal import Sealing

/// A copy of a vault, verified, about to take the vault's place.
public final class Restoration {
    /// The generation of the copy.
    public let generation: UInt64
    /// The newest generation known: of the vault that lies at the place, and of the last one seen here.
    public let newest: UInt64?
    private let place: String
    private let draft: DraftFile
    private let copy: OpenVault
    private let present: Present

    /// What lies at the place.
    private enum Present {
        case open(OpenVault)
        /// Nothing, or something too damaged to be opened.
        case nothing
        /// The same vault, which what opens the copy does not open.
        case closed
    }

    /// What a restored vault is.
    public struct Outcome: Sendable {
        /// Where what lay at the place is kept; nil when nothing did.
        public let kept: String?
        /// The credentials whose current secret was retired since the copy was made.
        public let retired: [Credential]
        /// Slots of the copy that the vault did not have any more; they stay out.
        public let removedSlots: [SlotName]
        /// What opens the vault now.
        public let slots: [SlotDescription]
    }

    /// Reads and verifies everything; changes nothing.
    /// - Parameters: the copy, where it is to go, and how to open the copy and what lies at the place.
    /// - Throws: as opening a vault; `damaged` with the first thing that is wrong with the copy; `otherVault`.
    public init(
        of file: String, to place: String, stateDirectory: String,
        open: (VaultFile) throws(VaultError) -> OpenVault
    ) throws(VaultError) {
        let source = try open(try VaultFile(path: file))
        self.place = place
        draft = try DraftFile(beside: place)
        try source.database.copy(to: try Database(path: draft.path))
        copy = try source.copy(in: try VaultFile(path: draft.path), stateDirectory: stateDirectory)
        let report = try copy.verifyAnyAge()
        if let damage = report.findings.first { throw .damaged(damage) }
        generation = report.generation
        present = try Self.present(at: place, id: source.id, open)
        var known = [try copy.state.lastSeen()].compactMap(\.self)
        if case .open(let vault) = present, let found = try? vault.readAnyAge({ $0.generation }) { known.append(found) }
        newest = known.max()
    }

    /// Damage does not stand in the way of mending it; another vault does.
    private static func present(
        at place: String, id: [UInt8], _ open: (VaultFile) throws(VaultError) -> OpenVault
    ) throws(VaultError) -> Present {
        do throws(VaultError) {
            let file = try VaultFile(path: place)
            guard file.id == id else { throw .otherVault(path: place) }
            return .open(try open(file))
        } catch {
            switch error {
            case .missing, .damaged, .derivation: return .nothing
            case .noSlotFits, .noSuchSlot: return .closed
            case .notAVault: throw .otherVault(path: place)
            default: throw error
            }
        }
    }

    /// Puts the copy in the vault's place; what was there is kept beside it. The copy goes on from the newest
    /// generation known, so that all older copies stay refused. Secrets that were retired are erased in it, and slots that
    /// were removed stay removed: where either the slots or the key have changed since, the copy gets a new key.
    /// - Throws: `olderThanVault`, and `presentNotOpened` when nothing can be told of the vault at the place, unless
    ///   `acceptingRollback`; `busy` while another process works on the vault.
    public func finish(
        acceptingRollback: Bool, at time: Timestamp, entry: LogEntry
    ) throws(VaultError) -> Outcome {
        if let newest, generation < newest, !acceptingRollback {
            throw .olderThanVault(copy: generation, newest: newest)
        }
        if case .closed = present, !acceptingRollback { throw .presentNotOpened(path: place) }
        let dead = try deadSecrets()
        let gone = try removedSlots()
        let isRekeyed: Bool = if case .open(let vault) = present { !vault.hasSameKey(as: copy) } else { false }
        func change(_ transaction: Transaction) throws(VaultError) -> [Credential] {
            for name in gone { try transaction.removeSlot(name) }
            let retired = try Self.retire(dead, in: transaction, at: time)
            try transaction.log(entry)
            return retired
        }
        let floor = max(newest ?? 0, generation)
        let (retired, newGeneration) =
            gone.isEmpty && !isRekeyed
            ? try copy.commit(after: floor, change) : try copy.commitRekeyed(after: floor, change)
        let slots = try copy.readAnyAge { snapshot throws(VaultError) in try snapshot.slots() }
        let kept = try replace(newGeneration)
        return Outcome(kept: kept, retired: retired, removedSlots: gone, slots: slots)
    }

    /// What is remembered outside, and what the newer vault knows.
    private func deadSecrets() throws(VaultError) -> Set<RetiredSecret> {
        var dead = Set(try copy.state.retired())
        guard case .open(let vault) = present else { return dead }
        try? vault.readAnyAge { snapshot throws(VaultError) in
            try snapshot.forEachCredential { credential in
                let living = Set(credential.versions.filter { !$0.isRetired }.flatMap(\.fingerprints.values))
                for version in credential.versions where version.isRetired {
                    for fingerprint in version.fingerprints.values where !living.contains(fingerprint) {
                        dead.insert(RetiredSecret(fingerprint: fingerprint, credential: credential.id))
                    }
                }
            }
        }
        return dead
    }

    /// The slots of the copy that the vault at the place does not have.
    private func removedSlots() throws(VaultError) -> [SlotName] {
        guard case .open(let vault) = present,
            let now = try? vault.readAnyAge({ snapshot throws(VaultError) in try snapshot.slots() })
        else { return [] }
        let slots = try copy.readAnyAge { snapshot throws(VaultError) in try snapshot.slots() }
        return slots.filter { slot in !now.contains { $0.publicKey == slot.publicKey } }.map(\.name)
    }

    private static func retire(
        _ dead: Set<RetiredSecret>, in transaction: Transaction, at time: Timestamp
    ) throws(VaultError) -> [Credential] {
        func isDead(_ version: Version, of credential: Credential) -> Bool {
            !version.isRetired
                && version.fingerprints.values.contains {
                    dead.contains(RetiredSecret(fingerprint: $0, credential: credential.id))
                }
        }
        var changed: [Credential] = []
        try transaction.snapshot.forEachCredential { credential in
            if credential.versions.contains(where: { isDead($0, of: credential) }) { changed.append(credential) }
        }
        for index in changed.indices {
            for version in changed[index].versions where isDead(version, of: changed[index]) {
                try transaction.retire(version, in: changed[index].id)
                changed[index].update(version: version.number) {
                    $0.retiredAt = time
                    if $0.state != .current { $0.state = .retired }
                }
            }
            try transaction.put(changed[index])
        }
        return changed.filter { $0.current?.isRetired == true }
    }

    private func replace(_ generation: UInt64) throws(VaultError) -> String? {
        guard case .open(let vault) = present else { return try exchange(generation) }
        // Whoever waits here for the old file finds a newer generation on record and changes nothing in it.
        return try vault.database.alone { () throws(VaultError) in try exchange(generation) }
    }

    private func exchange(_ generation: UInt64) throws(VaultError) -> String? {
        var kept: String?
        if access(place, F_OK) == 0 {
            let aside = try keepAside(generation)
            // A journal that belongs to the old file would be rolled back into the new one.
            if access(place + "-journal", F_OK) == 0, rename(place + "-journal", aside + "-journal") != 0 {
                throw .notAccessible(path: aside + "-journal", errno: errno)
            }
            kept = aside
        }
        do {
            try draft.replace(place)
        } catch {
            if let kept, error != .storedNotSynced { unlink(kept) }
            throw error
        }
        try copy.state.raise(to: generation)
        return kept
    }

    /// A second name for what lies at the place. One that a try before left behind does not stand in the way.
    private func keepAside(_ generation: UInt64) throws(VaultError) -> String {
        let name = place + ".replaced-\(generation)"
        for suffix in [""] + (2...99).map({ "-\($0)" }) {
            if link(place, name + suffix) == 0 { return name + suffix }
            guard errno == EEXIST else { break }
        }
        throw .notAccessible(path: name, errno: errno)
    }
}
