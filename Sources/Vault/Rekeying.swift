internal import Credentials
internal import Sealing

/// Seals a whole vault anew under another vault key, inside one transaction. The old store has been verified.
struct Rekeying {
    private let old: SealedStore
    private let new: SealedStore
    private let names: (old: RowNames, new: RowNames)

    init(from old: SealedStore, to keys: VaultKeys) {
        self.old = old
        new = SealedStore(
            database: old.database, keys: keys, lasting: old.lasting, vault: old.vault, header: old.header.emptied,
            openedBy: old.openedBy)
        names = (RowNames(key: old.keys.rowIDs), RowNames(key: new.keys.rowIDs))
    }

    /// The store under the new key; its tree and header are still to be written.
    func run() throws(VaultError) -> SealedStore {
        try old.database.run("DELETE FROM tree")
        try forEachRow(of: .deployment) { row throws(VaultError) in
            guard let record = try? DeploymentRecord(plainForm: try old.open(row, in: .deployment)) else {
                throw .damaged(.record(table: Table.deployment.name))
            }
            try new.adopt(row, of: old, in: .deployment, as: names.new.deployment(record.deployment))
        }
        try forEachRow(of: .control) { row throws(VaultError) in
            guard let control = try? NegativeControl(plainForm: try old.open(row, in: .control)) else {
                throw .damaged(.record(table: Table.control.name))
            }
            let id = names.new.control(control.provider, control.environment, control.endpoint)
            try new.adopt(row, of: old, in: .control, as: id)
        }
        try forEachRow(of: .attempt) { row throws(VaultError) in
            guard let attempts = try? WrongAttempts(plainForm: try old.open(row, in: .attempt)) else {
                throw .damaged(.record(table: Table.attempt.name))
            }
            try new.adopt(row, of: old, in: .attempt, as: names.new.attempt(attempts.host))
        }
        try forEachRow(of: .policy) { row throws(VaultError) in
            try new.adopt(row, of: old, in: .policy, as: names.new.policy)
        }
        try forEachRow(of: .credential) { row throws(VaultError) in
            guard let credential = try? Credential(plainForm: try old.open(row, in: .credential)) else {
                throw .damaged(.record(table: Table.credential.name))
            }
            try new.adopt(row, of: old, in: .credential, as: row.id)
            try adoptWhatHangs(from: credential)
        }
        for table in Table.allCases where table != .tree && old.header[table].rows != new.header[table].rows {
            throw .damaged(.freshness(table: table.name))
        }
        try sealLog()
        let slots = SlotTable(old.database)
        for slot in try slots.read() { try slots.put(try slot.rewrapped(new.keys.vaultKey, vault: new.vault)) }
        return new
    }

    private func adoptWhatHangs(from credential: Credential) throws(VaultError) {
        for address in credential.addresses {
            try adopt(.address, names.old.address(address), as: names.new.address(address))
        }
        for version in credential.versions {
            for (field, fingerprint) in version.fingerprints.all {
                try adopt(
                    .secret, names.old.secret(credential.id, version.number, field),
                    as: names.new.secret(credential.id, version.number, field))
                // Another holder of the same secret may have taken it along already.
                try adopt(
                    .fingerprint, names.old.fingerprint(fingerprint), as: names.new.fingerprint(fingerprint))
            }
        }
        try adopt(.rotation, names.old.rotation(credential.id), as: names.new.rotation(credential.id))
    }

    private func adopt(_ table: Table, _ id: RowID, as newID: RowID) throws(VaultError) {
        guard let row = try old.storedRow(table, id) else { return }
        try new.adopt(row, of: old, in: table, as: newID)
    }

    /// Hands every row of `table` to `body`, which may change it; a few at a time, so that nothing is read while
    /// it is being changed.
    private func forEachRow(
        of table: Table, _ body: (SealedRow) throws(VaultError) -> Void
    ) throws(VaultError) {
        var last: Int64 = .min
        while true {
            let batch = try old.rows(of: table, after: last, atMost: 256)
            guard let end = batch.last else { return }
            for (_, row) in batch { try body(row) }
            last = end.position
        }
    }

    private func sealLog() throws(VaultError) {
        let update = try old.database.statement("UPDATE log SET sealed = ?1 WHERE number = ?2")
        try Snapshot(store: old).forEachLogRecord { number, record throws(VaultError) in
            let sealed = record.sealed(
                number: number, after: new.header.logHead, key: new.keys.log, vault: new.vault)
            update.reset()
            try update.bind(1, sealed).bind(2, number).run()
            new.header.logCount = number
            new.header.logHead = KeyedHash.checksum(sealed)
            new.header.logMark = record.mark
        }
    }
}
