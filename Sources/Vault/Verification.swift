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
    /// The fingerprint of each secret, when the file and that table were found to be whole: to read a hundred thousand of
    /// them one by one, each with its bucket, takes longer than all other work.
    private var wholeSecrets: [RowID: Fingerprint]?

    init(of snapshot: Snapshot) {
        self.snapshot = snapshot
        store = snapshot.store
    }

    func run() throws(VaultError) -> VerifyReport {
        var rows: [(table: String, count: Int)] = []
        try store.database.keepMorePages()
        try noting { () throws(VaultError) in try store.database.requireIntegrity() }
        if findings.isEmpty { wholeSecrets = try readSecrets() }
        for table in Table.allCases where table != .tree {
            var count = 0
            if table == .secret, let wholeSecrets {
                rows.append((table.name, wholeSecrets.count))
                continue
            }
            try noting { () throws(VaultError) in
                try store.forEach(table) { [names = snapshot.names] opener, row, sealed throws(VaultError) in
                    try Content(of: row, sealed, in: table, opener: &opener, names)
                } _: { row, content throws(VaultError) in
                    count += 1
                    try noting { () throws(VaultError) in try look(at: row, try content.get(), in: table) }
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

    /// Nil when anything is wrong with one of them: then each finding has to be made in its place.
    private func readSecrets() throws(VaultError) -> [RowID: Fingerprint]? {
        var secrets: [RowID: Fingerprint] = [:]
        do throws(VaultError) {
            try store.forEach(.secret) { [key = store.lasting.fingerprints] opener, row, sealed throws(VaultError) in
                Fingerprint(of: try opener.openSecret(row, sealed), key: key)
            } _: { row, fingerprint throws(VaultError) in
                guard row.revision <= snapshot.generation else {
                    throw .damaged(.freshness(table: Table.secret.name))
                }
                secrets[row.id] = try fingerprint.get()
            }
        } catch {
            guard case .damaged = error else { throw error }
            return nil
        }
        return UInt64(secrets.count) == store.header[.secret].rows ? secrets : nil
    }

    private func look(at row: RowBatch.Row, _ content: Content, in table: Table) throws(VaultError) {
        switch content {
        case .credential(let credential, let addresses): try follow(credential, addresses)
        case .address(let credential):
            guard addresses[row.id] == credential else { throw .damaged(.record(table: table.name)) }
        case .other: break
        }
        guard row.revision <= snapshot.generation else { throw .damaged(.freshness(table: table.name)) }
    }

    /// A credential leads to its addresses and secrets.
    private func follow(_ credential: Credential, _ rows: [RowID]) throws(VaultError) {
        for version in credential.versions where !version.isRetired {
            for (field, fingerprint) in version.fingerprints.all {
                try noting { () throws(VaultError) in
                    guard let wholeSecrets else {
                        _ = try snapshot.secret(field, of: version, in: credential.id)
                        return
                    }
                    let row = snapshot.names.secret(credential.id, version.number, field)
                    guard wholeSecrets[row] == fingerprint else { throw .damaged(.secret) }
                }
            }
        }
        try noting { () throws(VaultError) in
            guard credential.versions.count(where: { $0.state == .current }) <= 1 else { throw .damaged(.versions) }
        }
        for row in rows { addresses[row] = credential.id }
    }
}

/// What a row holds, as far as others depend on it.
private enum Content: Sendable {
    /// With the rows of its addresses.
    case credential(Credential, addresses: [RowID])
    case address(CredentialID)
    case other

    /// - Throws: `damaged` when the row does not fit its seal, its form or the place that it names itself.
    init(
        of row: RowBatch.Row, _ sealed: UnsafeRawBufferPointer, in table: Table, opener: inout RowOpener,
        _ names: RowNames
    ) throws(VaultError) {
        var expected = row.id
        self = .other
        switch table {
        case .credential:
            let credential: Credential = try opener.open(row, sealed)
            expected = RowID(credential.id)
            self = .credential(credential, addresses: credential.addresses.map { names.address($0) })
        case .address:
            let record: AddressRecord = try opener.open(row, sealed)
            self = .address(record.credential)
        case .deployment:
            let record: DeploymentRecord = try opener.open(row, sealed)
            expected = names.deployment(record.deployment)
        case .secret: _ = try opener.openSecret(row, sealed)
        case .fingerprint: let _: FingerprintRecord = try opener.open(row, sealed)
        case .rotation:
            let rotation: Rotation = try opener.open(row, sealed)
            expected = names.rotation(rotation.credential)
        case .policy:
            let _: PolicyList = try opener.open(row, sealed)
            expected = names.policy
        case .control:
            let control: NegativeControl = try opener.open(row, sealed)
            expected = names.control(control.provider, control.environment, control.endpoint)
        case .attempt:
            let attempts: WrongAttempts = try opener.open(row, sealed)
            expected = names.attempt(attempts.host)
        case .tree: break
        }
        guard expected == row.id else { throw .damaged(.record(table: table.name)) }
    }
}
