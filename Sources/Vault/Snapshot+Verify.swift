internal import Credentials
internal import Sealing

/// What a whole vault was found to be.
public struct VerifyReport: Sendable, Equatable {
    public let generation: UInt64
    /// How many rows of each table were looked at, by table name.
    public let rows: [(table: String, count: Int)]
    public let logEntries: Int
    /// Each kind of damage once, in the order in which it was found; empty when the vault is whole.
    public let findings: [Damage]

    public static func == (left: VerifyReport, right: VerifyReport) -> Bool {
        left.generation == right.generation && left.findings == right.findings && left.logEntries == right.logEntries
            && left.rows.elementsEqual(right.rows) { $0.table == $1.table && $0.count == $1.count }
    }
}

extension Snapshot {
    /// Looks at everything and goes on after damage, so that all of it is found in one run.
    /// - Throws: what keeps the file from being read at all.
    public func verify() throws(VaultError) -> VerifyReport {
        var findings: [Damage] = []
        var rows: [(table: String, count: Int)] = []
        func found(_ damage: Damage) { if !findings.contains(damage) { findings.append(damage) } }
        func attempt(_ body: () throws(VaultError) -> Void) throws(VaultError) {
            do throws(VaultError) {
                try body()
            } catch {
                guard case .damaged(let damage) = error else { throw error }
                found(damage)
            }
        }
        for table in Table.allCases where table != .tree {
            var count = 0
            try attempt { () throws(VaultError) in
                try store.forEachSealed(table) { row throws(VaultError) in
                    count += 1
                    try attempt { () throws(VaultError) in
                        if table == .secret {
                            _ = try store.openSecret(row)
                        } else {
                            try self.check(try store.open(row, in: table), in: table, attempt)
                        }
                    }
                }
            }
            rows.append((table.name, count))
        }
        var entries = 0
        try attempt { () throws(VaultError) in try forEachLogEntry { _ in entries += 1 } }
        return VerifyReport(generation: generation, rows: rows, logEntries: entries, findings: findings)
    }

    /// A record has the form of its table, and leads to where it says.
    private func check(
        _ content: [UInt8], in table: Table,
        _ attempt: (() throws(VaultError) -> Void) throws(VaultError) -> Void
    ) throws(VaultError) {
        do throws(MalformedRecord) {
            switch table {
            case .credential:
                let credential = try Credential(plainForm: content)
                for version in credential.versions where !version.isRetired {
                    for field in version.fingerprints.names {
                        do throws(VaultError) {
                            try attempt { () throws(VaultError) in
                                _ = try self.secret(field, of: version, in: credential.id)
                            }
                        } catch {
                            throw MalformedRecord()
                        }
                    }
                }
            case .address: _ = try AddressEntry(plainForm: content)
            case .deployment: _ = try DeploymentEntry(plainForm: content)
            case .fingerprint: _ = try FingerprintEntry(plainForm: content)
            case .rotation: _ = try Rotation(plainForm: content)
            case .policy: _ = try PolicyList(plainForm: content)
            case .secret, .tree: break
            }
        } catch {
            throw .damaged(.record(table: table.name))
        }
    }
}
