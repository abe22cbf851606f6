public import Credentials
internal import Delivery
internal import Sealing
internal import Vault

/// What a rotation came to.
public struct RotationReport: Sendable {
    /// The address that the user gave, with its provider.
    public let address: Address
    /// The journal as it is stored now.
    public let rotation: Rotation
    /// As it is stored now.
    public let credential: Credential
    /// What became of each target in this run; empty when nothing was to be delivered yet.
    public let targets: [TargetReport]
    /// The answer for the new key, when it was asked for in this run.
    public let newKey: Check?
}

extension RotationMachine {
    /// Goes on with an unfinished rotation from wherever it stands.
    /// - Throws: `noOpenRotation`; `heldByAnother` while another process works on it.
    public func resume(
        _ reference: AddressReference, options: ProofOptions
    ) async throws(OperationError) -> RotationReport {
        try await store.withRotationLock(at: reference) { locked async throws(OperationError) in
            try await advance(locked, options)
        }
    }

    /// Goes on with what `stage` has begun, as far as it can: proved, promoted, delivered.
    public func finish(_ plan: RotationPlan, options: ProofOptions) async throws(OperationError) -> RotationReport {
        try await plan.whileLocked { () async throws(OperationError) in
            try await advance(try store.locked(plan.credential.id, plan.address), options, before: plan.oldKey)
        }
    }

    /// Takes an unfinished rotation back. The pending version is put aside, never to be delivered, and goes
    /// when `retire` finds it dead: even a mistaken abort erases nothing.
    /// - Throws: `cannotAbort` once the new version is current; `wouldLoseKey` when the old key does not work
    ///   and the new one may.
    public func abort(_ reference: AddressReference) async throws(OperationError) -> Rotation {
        try await store.withRotationLock(at: reference) { locked async throws(OperationError) in
            try await abort(locked)
        }
    }

    private func abort(_ locked: LockedCredential) async throws(OperationError) -> Rotation {
        let (address, credential) = (locked.address, locked.credential)
        let open = try locked.openRotation()
        guard !open.state.isPromoted else { throw .cannotAbort(open) }
        if open.state == .planned, open.mode == .cutover, let old = credential.current {
            let check = try await prober.call([try prober.trial(old, of: credential)])[0].check
            if check.outcome.isDead { throw .plannedAndDead(address, check) }
        }
        let pendingCheck = try await refuseLosing(credential, address)
        return try store.write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(credential.id)
            if let pending = credential.version(in: .pending) {
                credential.update(version: pending.number) {
                    $0.state = .previous
                    if let check = pendingCheck, check.outcome == .ok { $0.accept(at: check.at) }
                }
                try transaction.put(credential)
            }
            var rotation = open
            rotation.enter(.aborted, at: store.now())
            try transaction.put(rotation)
            try transaction.log(store.entry(.rotate, address.description, .state(.aborted)))
            return rotation
        }
    }

    /// In a cutover the pending key may be the only one that the provider still accepts.
    /// - Returns: the answer for the pending key; nil where there is none.
    private func refuseLosing(_ credential: Credential, _ address: Address) async throws(OperationError) -> Check? {
        guard let pending = credential.version(in: .pending), let old = credential.current else { return nil }
        let pendingValues = try store.values(of: pending, in: credential)
        var canBeSent = true
        let oldCheck = try await prober.call([try prober.trial(old, of: credential)])[0].check
        let newCheck = try await prober.call(
            [Trial(credential: credential, version: pending.number, values: pendingValues)],
            refusing: { _, _ in canBeSent = false })[0].check
        // Nobody can use such a key.
        guard canBeSent else { return nil }
        if oldCheck.outcome == .ok { return newCheck }
        do {
            try Prober.require(
                newCheck, for: credential, plain: pendingValues, recorded: pending.identity ?? old.identity)
        } catch .refused, .identityDiffers {
            return newCheck
        } catch {
            throw oldCheck.outcome.isIndeterminate ? .indeterminate(oldCheck) : .wouldLoseKey(address, newCheck)
        }
        throw .wouldLoseKey(address, newCheck)
    }

    /// - Throws: `rotationStopped` where the disk fails.
    /// - Parameter before: the answer for the old key, before there was a new one.
    private func advance(
        _ locked: LockedCredential, _ options: ProofOptions, before: Check? = nil
    ) async throws(OperationError) -> RotationReport {
        do {
            return try await runStates(locked, options, before)
        } catch {
            guard case .vault(let cause) = error, error.isOfStorage else { throw error }
            throw .rotationStopped(locked.address, cause)
        }
    }

    /// Runs the states that are left, each committed before the next begins.
    private func runStates(
        _ locked: LockedCredential, _ options: ProofOptions, _ before: Check?
    ) async throws(OperationError) -> RotationReport {
        var rotation = try locked.openRotation()
        guard rotation.state != .planned else { throw .stillPlanned(locked.address) }
        var newKey: Check?
        if rotation.state == .staged { newKey = try await prove(locked.credential, &rotation, options, before) }
        if rotation.state == .proved { try promote(&rotation) }
        var targets: [TargetReport] = []
        if rotation.state == .promoted || rotation.state == .delivering { targets = try await deliver(&rotation) }
        return RotationReport(
            address: locked.address, rotation: rotation, credential: try store.credential(locked.credential.id),
            targets: targets, newKey: newKey)
    }

    /// proved → promoted → delivering: one transaction relabels both versions. From then on every target's hook is due,
    /// so that a crash right after a file is written does not lose one.
    private func promote(_ rotation: inout Rotation) throws(OperationError) {
        rotation.enter(.promoted, at: store.now())
        rotation.enter(.delivering, at: store.now())
        let promoted = rotation
        try store.write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(promoted.credential)
            guard let number = promoted.newVersion, credential.version(number: number)?.state == .pending,
                credential.current?.number == promoted.oldVersion
            else { throw .damaged(.record(table: "rotation")) }
            credential.update(version: promoted.oldVersion) { $0.state = $0.isRetired ? .retired : .previous }
            credential.update(version: number) {
                $0.state = .current
                // One that comes back has the age that it has.
                $0.activatedAt = $0.activatedAt ?? store.now()
            }
            try transaction.put(credential)
            try transaction.put(promoted)
            for deployment in Set(credential.addresses.map(\.deployment)) {
                var record = try transaction.deploymentRecord(deployment)
                for index in record.targets.indices where !record.targets[index].hook.isEmpty {
                    record.targets[index].delivery.isHookDue = true
                }
                try transaction.put(record)
            }
            try transaction.log(store.entry(.rotate, promoted.address.description, .promoted(version: number)))
        }
    }

    /// delivering → grace or retiring, once every target is done.
    private func deliver(_ rotation: inout Rotation) async throws(OperationError) -> [TargetReport] {
        let id = rotation.credential
        let credential = try store.credential(id)
        let reports = await deliverer.deliver(to: Set(credential.addresses.map(\.deployment)).sorted())
        guard reports.allSatisfy(\.isDone) else { return reports }
        if let alive = rotation.oldKeyLastAlive, rotation.mode == .cutover, !reports.isEmpty {
            let end = store.clock.wall()
            let most = max(0, end - alive)
            let least = rotation.oldKeyFirstDead.map { max(0, end - $0) } ?? 0
            rotation.downtime = Rotation.Downtime(least: min(least, most), most: most)
        }
        // After the restore of an older copy there may be no old key to watch.
        if credential.previous.isEmpty {
            try enter(.done, &rotation)
            return reports
        }
        switch rotation.mode {
        case .overlap where credential.terms.isDead(rotation.oldKey?.outcome ?? .unknown):
            // There is nothing to wait for.
            try enter(.retiring, &rotation)
        case .overlap:
            rotation.graceUntil = store.now() + rotation.grace
            try enter(.grace, &rotation)
        case .cutover: try enter(.retiring, &rotation)
        }
        return reports
    }

    func enter(_ state: Rotation.State, _ rotation: inout Rotation) throws(OperationError) {
        rotation.enter(state, at: store.now())
        try save(rotation, .state(state))
    }

    func save(_ rotation: Rotation, _ outcome: LogOutcome) throws(OperationError) {
        try store.write { transaction throws(VaultError) in
            try transaction.put(rotation)
            try transaction.log(store.entry(.rotate, rotation.address.description, outcome))
        }
    }
}
