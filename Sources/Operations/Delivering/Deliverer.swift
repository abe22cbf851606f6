internal import Credentials
internal import Delivery
internal import Vault

/// Writes deployments to their targets, runs their hooks, and looks whether they hold what they should.
public struct Deliverer {
    let store: VaultStore

    func writer(_ target: Target, of deployment: Deployment) throws(OperationError) -> TargetWriter {
        do throws(DeliveryError) {
            return try TargetWriter(target, of: deployment, journal: TargetJournal(key: store.vault.journalKey))
        } catch {
            throw .delivery(error)
        }
    }

    /// As `writer`, after what a killed process left half done in the file is finished or undone.
    /// - Parameter isLocked: the caller has locked the target's file.
    func recovered(
        _ target: Target, of deployment: Deployment, isLocked: Bool = false
    ) throws(OperationError) -> TargetWriter {
        let writer = try writer(target, of: deployment)
        guard target.isInPlace else { return writer }
        let lock = isLocked ? nil : try deliveryLock(target.path)
        defer { withExtendedLifetime(lock) {} }
        do throws(DeliveryError) {
            try writer.recover()
        } catch {
            // Without the directory there is nothing to recover; the next step says so.
            if case .file(_, .open, _) = error { return writer }
            throw .delivery(error)
        }
        return writer
    }

    /// Held while a target's file is read, changed and replaced.
    func deliveryLock(_ path: String) throws(OperationError) -> VaultLock {
        do {
            return try store.vault.lock(.delivery(path: TargetWriter.canonical(path)), waits: true)
        } catch {
            throw .vault(error)
        }
    }
}
