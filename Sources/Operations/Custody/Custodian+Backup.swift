internal import Credentials
public import Vault

/// What came of a restore.
public struct RestoreReport: Sendable {
    /// The generation of the copy.
    public let generation: UInt64
    /// What was kept aside, erased and left out.
    public let restored: Restoration.Report
}

extension Custodian {
    /// Copies the vault into a new file while others go on working with it, and verifies the copy.
    /// - Throws: `vault(.alreadyExists)`, `vault(.notAccessible)`, `vault(.diskFull)`, `vault(.damaged)`: then there is
    ///   no new file.
    public func backUp(to path: String) throws(OperationError) -> VerifyReport {
        do {
            // A copy of something damaged, or over something else, leaves no trace in the vault.
            try store.vault.requireCopyable(to: path)
            // Before the copy, so that the copy knows of itself.
            try store.vault.write { transaction throws(VaultError) in
                try transaction.log(store.entry(.backup, "", .generation(transaction.snapshot.generation)))
            }
            return try store.vault.backUp(to: path)
        } catch {
            throw .vault(error)
        }
    }

    /// Puts a verified copy in the vault's place; what lay there is kept beside it.
    /// - Throws: `vault(.olderThanVault)` unless `acceptingRollback`; `vault(.forked)`; `vault(.otherVault)`;
    ///   `vault(.damaged)`.
    public static func restore(
        _ source: CopyToRestore, acceptingRollback: Bool,
        open: (VaultFile) throws(VaultError) -> OpenVault
    ) throws(OperationError) -> RestoreReport {
        // Where nothing lies that can be written, nobody works on it.
        let present = try? LockFile(path: source.destination)
        return try VaultStore.withWholeVaultLock { () throws(VaultError) in
            try present?.lock(.wholeVault)
        } _: { () throws(VaultError) in
            let time = Clock.system.now
            let restoration = try Restoration(of: source, open: open)
            let restored = try restoration.finish(
                acceptingRollback: acceptingRollback, at: time,
                entry: VaultStore.entry(.restore, "", .generation(restoration.generation), at: time))
            return RestoreReport(generation: restoration.generation, restored: restored)
        }
    }
}
