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
    /// What lies at the place; nil when nothing does, or when it is too damaged to be opened.
    private let present: OpenVault?

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
        let presentGeneration = present.flatMap { present in try? present.readAnyAge { $0.generation } }
        newest = [try copy.state.lastSeen(), presentGeneration].compactMap(\.self).max()
    }

    /// Damage does not stand in the way of mending it; another vault does.
    private static func present(
        at place: String, id: [UInt8], _ open: (VaultFile) throws(VaultError) -> OpenVault
    ) throws(VaultError) -> OpenVault? {
        do throws(VaultError) {
            let file = try VaultFile(path: place)
            guard file.id == id else { throw .otherVault(path: place) }
            return try open(file)
        } catch {
            switch error {
            case .missing, .damaged, .derivation: return nil
            case .notAVault: throw .otherVault(path: place)
            default: throw error
            }
        }
    }

    /// Puts the copy in the vault's place; what was there is kept beside it. The copy goes on from the newest
    /// generation known, so that all older copies stay refused, and secrets that were retired are erased in it.
    /// - Returns: where the replaced file is kept, and the credentials whose current secret was retired.
    /// - Throws: `olderThanVault` unless `acceptingRollback`; `busy` while another process works on the vault.
    public func finish(
        acceptingRollback: Bool, at time: Timestamp, entry: LogEntry
    ) throws(VaultError) -> (kept: String?, retired: [Credential]) {
        if let newest, generation < newest, !acceptingRollback {
            throw .olderThanVault(copy: generation, newest: newest)
        }
        var dead = Set(try copy.state.retired())
        try? present?.readAnyAge { snapshot throws(VaultError) in
            try snapshot.forEachCredential { credential in
                for version in credential.versions where version.isRetired {
                    dead.formUnion(version.fingerprints.values)
                }
            }
        }
        let known = dead
        let (retired, newGeneration) = try copy.commit(after: max(newest ?? 0, generation)) {
            transaction throws(VaultError) in
            let retired = try Self.retire(known, in: transaction, at: time)
            try transaction.log(entry)
            return (retired, transaction.snapshot.store)
        }
        let kept = try replace(newGeneration)
        return (kept, retired)
    }

    private static func retire(
        _ dead: Set<Fingerprint>, in transaction: Transaction, at time: Timestamp
    ) throws(VaultError) -> [Credential] {
        var changed: [Credential] = []
        try transaction.snapshot.forEachCredential { credential in
            let isConcerned = credential.versions.contains {
                !$0.isRetired && !dead.isDisjoint(with: $0.fingerprints.values)
            }
            if isConcerned { changed.append(credential) }
        }
        for index in changed.indices {
            for version in changed[index].versions
            where !version.isRetired && !dead.isDisjoint(with: version.fingerprints.values) {
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
        guard let present else { return try exchange(generation) }
        // Whoever waits here for the old file finds a newer generation on record and changes nothing in it.
        return try present.database.alone { () throws(VaultError) in try exchange(generation) }
    }

    private func exchange(_ generation: UInt64) throws(VaultError) -> String? {
        var kept: String?
        if access(place, F_OK) == 0 {
            let aside = place + ".replaced-\(generation)"
            guard link(place, aside) == 0 else { throw .notAccessible(path: aside, errno: errno) }
            // A journal that belongs to the old file would be rolled back into the new one.
            if access(place + "-journal", F_OK) == 0, rename(place + "-journal", aside + "-journal") != 0 {
                throw .notAccessible(path: aside + "-journal", errno: errno)
            }
            kept = aside
        }
        try draft.replace(place)
        try copy.state.raise(to: generation)
        return kept
    }
}
