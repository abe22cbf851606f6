public import Credentials
internal import Sealing

/// A vault that is not the one that this machine knows. It is looked at all the same, so that a person can decide.
public final class Stranger {
    /// What speaks against it: `exchanged`, `forked` or `recordRefused`.
    public let doubt: VaultError
    /// Which vault it is.
    public let pin: VaultPin
    /// The generation of the vault that lies there.
    public let generation: UInt64
    /// The last entry of its log.
    public let lastEntry: LogEntry?
    private let vault: OpenVault
    private let headerChecksum: [UInt8]

    fileprivate init(_ vault: OpenVault, doubt: VaultError) throws(VaultError) {
        self.doubt = doubt
        self.vault = vault
        pin = vault.pin
        var last: LogEntry?
        var checksum: [UInt8] = []
        let report = try vault.readAnyAge { snapshot, header throws(VaultError) in
            checksum = KeyedHash.checksum(header)
            try snapshot.forEachLogEntry { last = $0 }
            return try snapshot.verify()
        }
        headerChecksum = checksum
        if let damage = report.findings.first { throw .damaged(damage) }
        generation = report.generation
        lastEntry = last
    }

    /// As `OpenVault.lock`; nil on a medium that cannot be written, where nobody works on it.
    public func lock(_ subject: LockSubject) throws(VaultError) -> VaultLock? {
        do throws(VaultError) {
            return try vault.lock(subject)
        } catch .notAccessible {
            return nil
        }
    }

    /// Makes it the one that this machine knows. Secrets that were retired in another line of the same vault are erased.
    /// - Returns: the credentials whose current secret was erased so.
    /// - Throws: as `OpenVault.write`; `replaced` when it is not any more what was looked at.
    public func trust(at time: Timestamp, entry: LogEntry) throws(VaultError) -> [Credential] {
        try vault.state.setAsideForeignRetired()
        let dead = Set(try vault.state.retired())
        func admit(_ header: [UInt8]) throws(VaultError) {
            guard KeyedHash.checksum(header) == headerChecksum else { throw .replaced(path: vault.database.path) }
        }
        do throws(VaultError) {
            let (retired, seen) = try vault.commit(after: nil, admit: admit) { transaction throws(VaultError) in
                let retired = try transaction.retireAgain(dead, at: time)
                try transaction.log(entry)
                return retired
            }
            try vault.remember(seen, forced: true)
            return retired
        } catch .notAccessible where dead.isEmpty {
            // A vault on a medium that cannot be written can be known all the same.
            let seen = try vault.readAnyAge { snapshot, header throws(VaultError) in
                try admit(header)
                return try snapshot.recollection(after: nil, header: header)
            }
            try vault.remember(seen, forced: true)
            return []
        }
    }
}

extension VaultFile {
    /// Opens the vault although this machine does not know it as the one that lies there.
    /// - Returns: nil when nothing speaks against it.
    /// - Throws: as opening and reading it, for what nobody can decide away: `rolledBack`, damage, another vault than the
    ///   one that was named; the first damage that is found.
    public func stranger(
        with opener: Opener, as acquaintance: Acquaintance
    ) throws(VaultError) -> Stranger? {
        do throws(VaultError) {
            _ = try open(with: opener, as: acquaintance).read { $0.generation }
            return nil
        } catch {
            guard error.canBeDecided else { throw error }
            let unasked = Acquaintance(
                stateDirectory: acquaintance.stateDirectory, location: acquaintance.location,
                expected: acquaintance.expected, asksRecords: false, tell: acquaintance.tell)
            return try Stranger(try open(with: opener, as: unasked), doubt: error)
        }
    }
}

extension VaultError {
    fileprivate var canBeDecided: Bool {
        switch self {
        case .forked, .recordRefused(_, .missing), .recordRefused(_, .forged): true
        case .exchanged(let exchange): exchange.witness != .option && exchange.witness != .identityFile
        default: false
        }
    }
}
