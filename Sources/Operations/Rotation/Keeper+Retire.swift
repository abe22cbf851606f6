public import Credentials
internal import Vault

extension Keeper {
    /// How far apart the two refusals have to be that prove a key dead.
    public static let retireInterval = Span(seconds: 60)

    /// Proves that the previous keys are dead and erases them. The provider has to refuse a key twice, a
    /// minute apart, while it accepts the current one; the first refusal is remembered between runs.
    /// - Parameter revoking: ask the provider to end those that it still accepts, once it has accepted the current one.
    /// - Returns: the versions that were erased.
    /// - Throws: `nothingToRetire`; `notDelivered` while a target may still hold an old key;
    ///   `currentNotAccepted`; `oldKeyAlive`; `refusedOnce`; `indeterminate`; `refused` when a key is neither
    ///   alive nor dead. What could be erased has been erased then.
    public func retire(
        _ reference: AddressReference, revoking: Bool
    ) async throws(OperationError) -> (Address, [Version]) {
        let (address, credential, lock) = try findAndLock(reference)
        defer { withExtendedLifetime(lock) {} }
        let rotation = try read { snapshot throws(VaultError) in try snapshot.rotation(of: credential.id) }
        let previous = credential.previous
        guard let current = credential.current, !previous.isEmpty else { throw .nothingToRetire(address) }
        // After a rollback, too, a target may still hold the key that is about to go.
        let failed = try undelivered(credential)
        if let rotation, rotation.state == .promoted || rotation.state == .delivering || !failed.isEmpty {
            throw .notDelivered(rotation, failed: failed)
        }
        let trials = try ([current] + previous).map { version throws(OperationError) in
            try trial(version, of: credential)
        }
        let checks = try await call(trials)
        guard let control = checks.first, control.outcome == .ok else {
            throw checks.first.map { .currentNotAccepted($0) } ?? .courierSilent
        }
        var probes = Array(zip(previous, checks.dropFirst()))
        let alive = probes.filter { $0.1.outcome == .ok }.map(\.0)
        if revoking, !alive.isEmpty {
            try await revoke(alive, of: credential, address)
            probes = Array(zip(previous, try await call(Array(trials.dropFirst()))))
        }
        let retired = try settle(probes, of: credential.id, address)
        try Self.explain(probes, retired, credential.terms)
        return (address, retired)
    }

    /// Records every answer in one transaction and erases what has been refused twice.
    private func settle(
        _ probes: [(Version, Check)], of id: CredentialID, _ address: Address
    ) throws(OperationError) -> [Version] {
        try write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(id)
            var retired: [Version] = []
            for (version, check) in probes {
                let first = version.refusedAt ?? check.at
                let isDead = check.outcome.isDead && check.at - first >= Self.retireInterval
                if isDead { try transaction.retire(version, in: id) }
                credential.update(version: version.number) {
                    if check.outcome == .ok {
                        $0.refusedAt = nil
                        $0.provedAt = check.at
                    }
                    if check.outcome.isDead { $0.refusedAt = first }
                    if isDead {
                        $0.state = .retired
                        $0.retiredAt = check.at
                    }
                }
                if isDead, let erased = credential.version(number: version.number) { retired.append(erased) }
            }
            try transaction.put(credential)
            if var rotation = try transaction.snapshot.rotation(of: id), !rotation.state.isOver {
                if let (_, check) = probes.first(where: { $0.0.number == rotation.oldVersion }) {
                    rotation.oldKey = Rotation.Probe(outcome: check.outcome, at: check.at)
                    if check.outcome == .ok { rotation.oldKeyLastAlive = Milliseconds.now() }
                    if rotation.state == .grace, check.outcome.isDead { rotation.enter(.retiring, at: check.at) }
                }
                if credential.previous.isEmpty, rotation.state.isPromoted { rotation.enter(.done, at: now()) }
                try transaction.put(rotation)
            }
            let numbers = retired.map { "\($0.number)" }.joined(separator: " ")
            try transaction.log(
                entry("retire", address.description, retired.isEmpty ? "not yet" : "erased version \(numbers)"))
            return retired
        }
    }

    private static func explain(
        _ probes: [(Version, Check)], _ retired: [Version], _ terms: Terms
    ) throws(OperationError) {
        let open = probes.filter { probe in !retired.contains { $0.number == probe.0.number } }
        if open.contains(where: { $0.1.outcome == .ok }) { throw .oldKeyAlive(panelPath: terms.panelPath) }
        for (_, check) in open where !check.outcome.isDead {
            throw check.outcome.isIndeterminate ? .indeterminate(check) : .refused(check)
        }
        if let last = open.map({ $0.0.refusedAt ?? $0.1.at }).max() { throw .refusedOnce(again: last + retireInterval) }
    }

    private func undelivered(_ credential: Credential) throws(OperationError) -> [String] {
        var paths: [String] = []
        for deployment in Set(credential.addresses.map(\.deployment)).sorted() {
            for target in try targets(deployment)
            where (target.delivery.versions[credential.id] ?? credential.current?.number) != credential.current?.number
                || target.delivery.isHookDue
            {
                paths.append(target.path)
            }
        }
        return paths
    }
}
