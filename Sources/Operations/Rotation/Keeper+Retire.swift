public import Credentials
internal import Vault

extension Keeper {
    /// How far apart the two refusals have to be that prove a key dead.
    public static let retireInterval = Span(seconds: 60)

    /// Proves that the previous key is dead and erases it. The provider has to refuse it twice, a minute
    /// apart; the first refusal is remembered between runs.
    /// - Throws: `nothingToRetire`; `notDelivered` while a target may still hold the old key;
    ///   `oldKeyAlive`; `refusedOnce`; `indeterminate`; `refused` when it is neither alive nor dead.
    public func retire(_ reference: AddressReference) async throws(OperationError) -> (Address, Version) {
        let (address, credential) = try find(reference)
        let lock = try rotationLock(credential.id)
        defer { withExtendedLifetime(lock) {} }
        let id = credential.id
        let found = try read { snapshot throws(VaultError) in try snapshot.rotation(of: id) }
        guard var rotation = found, !rotation.state.isOver, rotation.state.isPromoted,
            let old = credential.version(number: rotation.oldVersion)
        else { throw .nothingToRetire(address) }
        guard rotation.state == .grace || rotation.state == .retiring else {
            throw .notDelivered(rotation, failed: try undelivered(credential))
        }
        let check = try await probe(old, of: credential)
        rotation.oldKey = Rotation.Probe(outcome: check.outcome, at: check.at)
        if check.outcome == .ok {
            rotation.refusedAt = nil
            rotation.oldKeyLastAlive = Milliseconds.now()
            try save(rotation, "old key alive")
            throw .oldKeyAlive(panelPath: credential.terms.panelPath)
        }
        guard check.outcome.isDead else {
            throw check.outcome.isIndeterminate ? .indeterminate(check) : .refused(check)
        }
        if rotation.state == .grace { rotation.enter(.retiring, at: now()) }
        let first = rotation.refusedAt ?? check.at
        rotation.refusedAt = first
        guard check.at - first >= Self.retireInterval else {
            try save(rotation, "old key refused once")
            throw .refusedOnce(again: first + Self.retireInterval)
        }
        return (address, try erase(old, rotation))
    }

    private func probe(_ version: Version, of credential: Credential) async throws(OperationError) -> Check {
        let values = try values(of: version, in: credential)
        guard let check = try await call([Trial(credential: credential, version: version.number, values: values)]).first
        else { throw .courierSilent }
        return check
    }

    /// retiring → done: only the fingerprints stay.
    private func erase(_ old: Version, _ retiring: Rotation) throws(OperationError) -> Version {
        try write { transaction throws(VaultError) in
            var rotation = retiring
            rotation.enter(.done, at: now())
            var credential = try transaction.snapshot.credential(rotation.credential)
            try transaction.eraseSecrets(of: old, in: credential.id)
            credential.update(version: old.number) {
                $0.state = .retired
                $0.retiredAt = now()
            }
            try transaction.put(credential)
            try transaction.put(rotation)
            try transaction.log(entry("retire", rotation.address.description, "erased version \(old.number)"))
            return credential.version(number: old.number) ?? old
        }
    }

    private func undelivered(_ credential: Credential) throws(OperationError) -> [String] {
        var paths: [String] = []
        for deployment in Set(credential.addresses.map(\.deployment)).sorted() {
            for target in try targets(deployment)
            where target.delivery.versions[credential.id] != credential.current?.number || target.delivery.isHookDue {
                paths.append(target.path)
            }
        }
        return paths
    }
}
