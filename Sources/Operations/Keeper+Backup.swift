internal import Credentials
public import Vault

/// What a restored vault is.
public struct RestoreReport: Sendable {
    /// The generation of the copy.
    public let generation: UInt64
    public let outcome: Restoration.Report
}

extension Keeper {
    /// Copies the vault into a new file while others go on working with it, and verifies the copy.
    /// - Throws: `vault(.alreadyExists)`, `vault(.notAccessible)`, `vault(.diskFull)`, `vault(.damaged)`: then there is
    ///   no new file.
    public func backUp(to path: String) throws(OperationError) -> VerifyReport {
        do {
            // A copy of something damaged, or over something else, leaves no trace in the vault.
            try vault.requireCopyable(to: path)
            // Before the copy, so that the copy knows of itself.
            try vault.write { transaction throws(VaultError) in
                try transaction.log(entry("backup", "", "generation \(transaction.snapshot.generation)"))
            }
            return try vault.backUp(to: path)
        } catch {
            throw .vault(error)
        }
    }

    /// Puts a verified copy in the vault's place; what lay there is kept beside it.
    /// - Throws: `vault(.olderThanVault)` unless `acceptingRollback`; `vault(.forked)`; `vault(.otherVault)`; `vault(.damaged)`.
    public static func restore(
        _ source: CopyToRestore, acceptingRollback: Bool,
        open: (VaultFile) throws(VaultError) -> OpenVault
    ) throws(OperationError) -> RestoreReport {
        // Where nothing lies that can be written, nobody works on it.
        let present = try? LockFile(path: source.destination)
        let lock = try wholeVaultLock { () throws(VaultError) in try present?.lock(.wholeVault) }
        defer { withExtendedLifetime(lock) {} }
        do {
            let time = Clock.system.now
            let restoration = try Restoration(of: source, open: open)
            let outcome = try restoration.finish(
                acceptingRollback: acceptingRollback, at: time,
                entry: entry("restore", "", "generation \(restoration.generation)", at: time))
            return RestoreReport(generation: restoration.generation, outcome: outcome)
        } catch {
            throw .vault(error)
        }
    }
}
