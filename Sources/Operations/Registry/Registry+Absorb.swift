public import Credentials
internal import Vault

extension Registry {
    /// True when `other` can be linked to `credential` without losing a key: both are of one provider and environment,
    /// and every key that `other` keeps is one of `credential`'s.
    public func canAbsorb(_ other: Credential, into credential: Credential) -> Bool {
        let own = Set(credential.versions.filter { !$0.isRetired }.flatMap(\.fingerprints.values))
        return other.provider == credential.provider && other.environment == credential.environment
            && other.terms.baseURL == credential.terms.baseURL && other.current?.plain == credential.current?.plain
            && other.versions.allSatisfy { $0.isRetired || own.isSuperset(of: $0.fingerprints.values) }
    }

    /// Binds the addresses of a credential with the same key to this one: stored once, it is rotated once.
    /// - Throws: `heldByAnother` while a rotation of the other is under way; `rotationOpen` while one of it is unfinished;
    ///   `planOutdated` when a key would be lost, because one of the two has changed since it was asked for.
    public func absorb(_ id: CredentialID, into address: Address) throws(OperationError) {
        try store.withRotationLock(id) { () throws(OperationError) in try absorbLocked(id, into: address) }
    }

    private func absorbLocked(_ id: CredentialID, into address: Address) throws(OperationError) {
        // Nobody opens one as long as the lock is held.
        let rotation = try store.rotation(of: id)
        if let rotation, rotation.state.isUnfinished { throw .rotationOpen(rotation) }
        let isDone = try store.write { transaction throws(VaultError) in
            let other = try transaction.snapshot.credential(id)
            var credential = try transaction.snapshot.credential(at: address)
            guard canAbsorb(other, into: credential) else { return false }
            try transaction.remove(other)
            credential.bindings = (credential.bindings + other.bindings).sorted { $0.address < $1.address }
            try transaction.put(credential)
            for deployment in Set(other.addresses.map(\.deployment)) {
                var record = try transaction.deploymentRecord(deployment)
                for index in record.targets.indices {
                    // It holds the same values, under the other name.
                    let version = record.targets[index].delivery.versions.removeValue(forKey: id)
                    if version == other.current?.number {
                        record.targets[index].delivery.versions[credential.id] = credential.current?.number
                    }
                }
                try transaction.put(record)
            }
            for linked in other.addresses {
                try transaction.log(store.entry(.link, address.description, .object(linked.description)))
            }
            return true
        }
        guard isDone else { throw .planOutdated(address) }
    }
}
