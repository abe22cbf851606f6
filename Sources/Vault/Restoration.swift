public import Credentials
internal import Glibc
internal import Sealing

/// A copy of a vault, verified, about to take the vault's place.
public final class Restoration {
    /// The generation of the copy.
    public let generation: UInt64
    /// What is known of newer vaults: the one that lies at the place, and the last one seen here.
    private let known: [Seen]
    /// The record of the last one seen is gone, or cannot be read.
    private let missing: VaultError?
    private let destination: String
    private let draft: DraftFile
    private let copy: OpenVault
    private let present: Present

    /// What lies at the place.
    private enum Present {
        case open(OpenVault)
        /// Nothing, or something that is not opened, for what it is or for what lies beside it.
        case nothing
        /// The same vault, which what opens the copy does not open.
        case closed
    }

    /// What a restored vault is.
    public struct Report: Sendable {
        /// Where what lay at the place is kept; nil when nothing did.
        public let kept: String?
        /// The credentials whose current secret was retired since the copy was made.
        public let retired: [Credential]
        /// Slots of the copy that the vault did not have any more; they stay out.
        public let removedSlots: [SlotName]
        /// What lay at the place could not be read, so that slots that were removed since may be back.
        public let isPresentUnread: Bool
        /// What opens the vault now.
        public let slots: [SlotDescription]
    }

    /// Reads and verifies everything; changes nothing.
    /// - Parameters: the copy, and how to open it and what lies at its place.
    /// - Throws: as opening a vault; `damaged` with the first thing that is wrong with the copy; `otherVault`.
    public init(
        of source: CopyToRestore, open: (VaultFile) throws(VaultError) -> OpenVault
    ) throws(VaultError) {
        destination = source.destination
        draft = source.draft
        copy = try open(source.file)
        let report = try copy.verifyAnyAge()
        if let damage = report.findings.first { throw .damaged(damage) }
        generation = report.generation
        present = try Self.present(at: destination, pin: copy.pin, open)
        var known: [Seen] = []
        do throws(VaultError) {
            if let seen = try copy.lastSeen().seen { known.append(seen) }
            missing = nil
        } catch {
            switch error {
            case .recordRefused(_, .missing), .recordRefused(_, .forged): missing = error
            default: throw error
            }
        }
        if case .open(let vault) = present, let found = try? vault.readAnyAge(Self.recollection) { known.append(found) }
        self.known = known
    }

    private static func recollection(_ snapshot: Snapshot, _ header: [UInt8]) throws(VaultError) -> Seen {
        try snapshot.recollection(after: nil, header: header)
    }

    /// Damage does not stand in the way of mending it; another vault does.
    private static func present(
        at destination: String, pin: VaultPin, _ open: (VaultFile) throws(VaultError) -> OpenVault
    ) throws(VaultError) -> Present {
        do throws(VaultError) {
            let file = try VaultFile(path: destination)
            guard file.id == pin.id else { throw .otherVault(path: destination) }
            let vault = try open(file)
            guard vault.pin == pin else { throw .otherVault(path: destination) }
            return .open(vault)
        } catch {
            switch error {
            case .exchanged: throw .otherVault(path: destination)
            case .missing, .damaged, .derivation, .foreignFile, .superJournal, .writeAheadLog: return .nothing
            case .noSlotFits, .noSuchSlot: return .closed
            case .notAVault: throw .otherVault(path: destination)
            default: throw error
            }
        }
    }

    /// Puts the copy in the vault's place; what was there is kept beside it. The copy goes on from the newest
    /// generation known, so that all older copies stay refused. Secrets that were retired are erased in it, and slots that
    /// were removed stay removed: where either the slots or the key have changed since, the copy gets a new key.
    /// - Throws: `recordRefused` when what was last seen here is not known any more, `olderThanVault`, `forked` when the
    ///   copy does not have what was done since in the vault, and `presentNotOpened` when nothing can be told of the vault
    ///   at the place, unless `acceptingRollback`; `busy` while another process works on the vault.
    public func finish(
        acceptingRollback: Bool, at time: Timestamp, entry: LogEntry
    ) throws(VaultError) -> Report {
        if !acceptingRollback {
            try requireSuccession()
            if case .closed = present { throw .presentNotOpened(path: destination) }
        }
        let dead = try deadSecrets()
        let gone = try removedSlots()
        let isRead: Bool = if case .open = present { true } else { false }
        let isRekeyed: Bool = if case .open(let vault) = present { !vault.hasSameKey(as: copy) } else { false }
        func change(_ transaction: Transaction) throws(VaultError) -> [Credential] {
            for name in gone { try transaction.removeSlot(name) }
            let retired = try transaction.retireAgain(dead, at: time)
            try transaction.log(entry)
            return retired
        }
        let floor = known.map(\.generation).reduce(generation, max)
        let (retired, seen) =
            gone.isEmpty && !isRekeyed
            ? try copy.commit(after: floor, change) : try copy.commitRekeyed(after: floor, change)
        let slots = try copy.readAnyAge { snapshot throws(VaultError) in try snapshot.slots() }
        let kept = try replace(seen)
        return Report(
            kept: kept, retired: retired, removedSlots: gone, isPresentUnread: kept != nil && !isRead, slots: slots)
    }

    private func requireSuccession() throws(VaultError) {
        if let missing { throw missing }
        let newest = known.map(\.generation).max() ?? 0
        guard generation >= newest else { throw .olderThanVault(copy: generation, newest: newest) }
        try copy.readAnyAge { snapshot, header throws(VaultError) in
            for seen in known { try snapshot.requireSuccession(of: seen, header: header) }
        }
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

    private func replace(_ seen: Seen) throws(VaultError) -> String? {
        guard case .open(let vault) = present else { return try exchange(seen) }
        // Whoever waits here for the old file finds a newer generation on record and changes nothing in it.
        return try vault.database.alone { () throws(VaultError) in try exchange(seen) }
    }

    private func exchange(_ seen: Seen) throws(VaultError) -> String? {
        let aside = Companions.exists(destination) ? try freeName(seen.generation) : nil
        // What could be read with the old file must not be read with the new one.
        for (suffix, companion) in Companions.of(destination) {
            let name = (aside ?? destination + ".replaced-\(seen.generation)") + suffix
            guard rename(companion, name) == 0 else { throw .notAccessible(path: name, errno: errno) }
        }
        try copy.state.expect(seen)
        do {
            if let aside {
                try draft.replace(destination, keepingAs: aside)
            } else {
                try draft.publish(at: destination)
            }
        } catch {
            // What could not be put there must not be taken for it later.
            if error != .storedNotSynced { copy.state.forgetExpected() }
            throw error
        }
        try copy.remember(seen, forced: true)
        copy.state.forgetExpected()
        return aside
    }

    /// A name for what lies at the place. One that a try before left behind does not stand in the way.
    private func freeName(_ generation: UInt64) throws(VaultError) -> String {
        let name = destination + ".replaced-\(generation)"
        for candidate in [name] + (2...99).map({ "\(name)-\($0)" }) where !Companions.exists(candidate) {
            return candidate
        }
        throw .notAccessible(path: name, errno: EEXIST)
    }
}
