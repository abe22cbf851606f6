public import Vault

extension Custodian {
    /// The audit log, oldest first. Reading it checks its chain.
    /// - Throws: `vault(.damaged(.log))` at the first entry that does not fit.
    public func log() throws(OperationError) -> [LogEntry] {
        try store.read { snapshot throws(VaultError) in
            var entries: [LogEntry] = []
            try snapshot.forEachLogEntry { entries.append($0) }
            return entries
        }
    }

    /// Checks every seal, the freshness of every table, every secret against its fingerprint, and the
    /// log's chain. Nothing is changed.
    public func verify() throws(OperationError) -> VerifyReport {
        do {
            return try store.vault.verify()
        } catch {
            throw .vault(error)
        }
    }
}
