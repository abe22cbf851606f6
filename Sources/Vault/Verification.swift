internal import Credentials
internal import Sealing

/// What a whole vault was found to be.
public struct VerifyReport: Sendable, Equatable {
    /// The vault's generation, which grows by one with every write.
    public let generation: UInt64
    /// How many rows of each table were looked at, by table name.
    public let rows: [(table: String, count: Int)]
    /// How many entries of the log could be read.
    public let logEntries: Int
    /// Each kind of damage once, in the order in which it was found; empty when the vault is whole.
    public let findings: [Damage]

    /// True when all four parts are equal.
    public static func == (left: VerifyReport, right: VerifyReport) -> Bool {
        left.generation == right.generation && left.findings == right.findings && left.logEntries == right.logEntries
            && left.rows.elementsEqual(right.rows) { $0.table == $1.table && $0.count == $1.count }
    }
}

extension Snapshot {
    /// Looks at everything and goes on after damage, so that all of it is found in one run.
    /// - Throws: what keeps the file from being read at all.
    func verify() throws(VaultError) -> VerifyReport {
        let verification = Verification(of: self)
        return try verification.run()
    }
}

/// One look at everything.
private final class Verification {
    private let snapshot: Snapshot
    private let store: SealedStore
    private var findings: [Damage] = []
    /// Where the credentials' addresses have to stand, and lead to.
    private var addresses: [RowID: CredentialID] = [:]

    init(of snapshot: Snapshot) {
        self.snapshot = snapshot
        store = snapshot.store
    }

    func run() throws(VaultError) -> VerifyReport {
        var rows: [(table: String, count: Int)] = []
        try noting { () throws(VaultError) in try store.database.requireIntegrity() }
        for table in Table.allCases where table != .tree {
            var count = 0
            try noting { () throws(VaultError) in
                try store.forEachSealed(table) { row throws(VaultError) in
                    count += 1
                    try noting { () throws(VaultError) in try look(at: row, in: table) }
                }
                if table == .address, count != addresses.count { throw .damaged(.record(table: table.name)) }
            }
            rows.append((table.name, count))
        }
        try noting { () throws(VaultError) in try store.requireNoOtherNodes() }
        var entries = 0
        try noting { () throws(VaultError) in try snapshot.forEachLogEntry { _ in entries += 1 } }
        return VerifyReport(
            generation: snapshot.generation, rows: rows, logEntries: entries, findings: findings)
    }

    private func noting(_ body: () throws(VaultError) -> Void) throws(VaultError) {
        do throws(VaultError) {
            try body()
        } catch {
            guard case .damaged(let damage) = error else { throw error }
            if !findings.contains(damage) { findings.append(damage) }
        }
    }

    private func look(at row: SealedRow, in table: Table) throws(VaultError) {
        if table == .secret {
            _ = try store.openSecret(row)
        } else {
            let content = try store.open(row, in: table)
            let expected: RowID
            do throws(MalformedRecord) {
                expected = try self.expected(of: content, at: row.id, in: table)
            } catch {
                throw .damaged(.record(table: table.name))
            }
            guard expected == row.id else { throw .damaged(.record(table: table.name)) }
            if table == .credential { try follow(content) }
        }
        guard row.revision <= snapshot.generation else { throw .damaged(.freshness(table: table.name)) }
    }

    /// Where a record belongs, as far as it says itself.
    private func expected(of content: [UInt8], at row: RowID, in table: Table) throws(MalformedRecord) -> RowID {
        switch table {
        case .credential: return RowID(try Credential(plainForm: content).id)
        case .address:
            guard addresses[row] == (try AddressRecord(plainForm: content).credential) else { throw MalformedRecord() }
            return row
        case .deployment: return snapshot.deploymentRow(try DeploymentRecord(plainForm: content).deployment)
        case .fingerprint:
            _ = try FingerprintRecord(plainForm: content)
            return row
        case .rotation: return snapshot.rotationRow(try Rotation(plainForm: content).credential)
        case .control:
            let control = try NegativeControl(plainForm: content)
            return snapshot.controlRow(control.provider, control.environment, control.endpoint)
        case .attempt: return snapshot.attemptRow(try WrongAttempts(plainForm: content).host)
        case .policy:
            _ = try PolicyList(plainForm: content)
            return snapshot.policyRow
        case .secret, .tree: return row
        }
    }

    /// A credential leads to its addresses and secrets.
    private func follow(_ content: [UInt8]) throws(VaultError) {
        guard let credential = try? Credential(plainForm: content) else { return }
        for version in credential.versions where !version.isRetired {
            for field in version.fingerprints.names {
                try noting { () throws(VaultError) in
                    _ = try snapshot.secret(field, of: version, in: credential.id)
                }
            }
        }
        try noting { () throws(VaultError) in
            guard credential.versions.count(where: { $0.state == .current }) <= 1 else { throw .damaged(.versions) }
        }
        for address in credential.addresses { addresses[snapshot.addressRow(address)] = credential.id }
    }
}
