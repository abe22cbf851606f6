public import Credentials
internal import Vault

extension RotationMachine {
    /// How far apart the two refusals have to be that prove a key dead.
    public static let retireInterval = Span(seconds: 60)

    /// How long a first refusal is believed by the system's clock alone, which can be set.
    static let longestInterval = Span.days(1)

    /// Proves that the previous keys are dead and erases them. The provider has to refuse a key twice, a
    /// minute apart, while it accepts the current one; the first refusal is remembered between runs.
    /// - Parameters:
    ///   - revoking: ask the provider to end those that it still accepts, once it has accepted the current one.
    ///   - staying: stay for the second refusal; told when it is asked for.
    /// - Returns: the versions that were erased.
    /// - Throws: `nothingToRetire`; `notDelivered` while a target may still hold an old key;
    ///   `currentNotAccepted`; `oldKeyAlive`; `refusedOnce`; `attemptsSpent`; `indeterminate`; `oldKeyNotDead` when a key is
    ///   neither alive nor dead. What could be erased has been erased then.
    public func retire(
        _ reference: AddressReference, revoking: Bool, staying: ((Timestamp) -> Void)? = nil
    ) async throws(OperationError) -> (Address, [Version]) {
        try await store.withRotationLock(at: reference) { locked async throws(OperationError) in
            (locked.address, try await retire(locked, revoking: revoking, staying: staying))
        }
    }

    private func retire(
        _ locked: LockedCredential, revoking: Bool, staying: ((Timestamp) -> Void)?
    ) async throws(OperationError) -> [Version] {
        // Both refusals are of this run, unless an earlier one has seen the first.
        let isFirstSeenHere = !locked.credential.previous.contains { $0.believesFirstRefusal(at: store.now()) }
        let begun = isFirstSeenHere ? store.clock.monotonic() : nil
        do {
            return try await retire(locked, revoking: revoking, since: nil)
        } catch {
            guard case .refusedOnce(let again) = error, let staying else { throw error }
            staying(again)
            await store.clock.wait(again - store.now())
            return try await retire(
                try store.locked(locked.credential.id, locked.address), revoking: revoking, since: begun)
        }
    }

    private func retire(
        _ locked: LockedCredential, revoking: Bool, since begun: Int64?
    ) async throws(OperationError) -> [Version] {
        let (address, credential) = (locked.address, locked.credential)
        let previous = credential.previous
        guard let current = credential.current, !previous.isEmpty else { throw .nothingToRetire(address) }
        // After a rollback, too, a target may still hold the key that is about to go.
        let failed = try undelivered(credential)
        if let rotation = locked.rotation,
            rotation.state == .promoted || rotation.state == .delivering || !failed.isEmpty
        {
            throw .notDelivered(rotation, failed: failed)
        }
        // A second refusal would count for nothing yet, and cost a wrong attempt.
        let early = previous.compactMap { version -> Timestamp? in
            guard let first = version.firstCountedRefusal, version.believesFirstRefusal(at: store.now()),
                store.now() - first < Self.retireInterval
            else { return nil }
            return first + Self.retireInterval
        }
        if early.count == previous.count, let again = early.max() { throw .refusedOnce(again: again) }
        // Old keys are wrong keys by now: no more of them than the host may see, and none while the current one is refused,
        // because that proves nothing.
        let left = try prober.attemptsLeft(credential.terms)
        let asked = previous.filter(\.isRetired) + previous.filter { !$0.isRetired }.prefix(left)
        if left <= previous.count { try await requireAccepted(current, credential, address) }
        if asked.isEmpty { throw try prober.attemptsSpent(credential.terms) }
        func ask() async throws(OperationError) -> [(Version, TrialResult)] {
            let trials = try ([current] + asked).map { version throws(OperationError) in
                try prober.trial(version, of: credential)
            }
            let replies = try await prober.steadyCall(trials)
            let probes = Array(zip(asked, replies.dropFirst()))
            guard let currentCheck = replies.first?.check else { throw .courierSilent }
            guard currentCheck.outcome == .ok else {
                let accepted = probes.first { $0.1.check.outcome == .ok }?.0.number
                throw .currentNotAccepted(address, currentCheck, accepted: accepted)
            }
            return probes
        }
        var probes = try await ask()
        let alive = probes.filter { $0.1.check.outcome == .ok }.map(\.0)
        if revoking, !alive.isEmpty {
            try await revoke(alive, of: credential, address)
            // With the current one again: it may have ended too.
            probes = try await ask()
        }
        if probes.contains(where: { $0.1.isSpared }) { throw try prober.attemptsSpent(credential.terms) }
        let session = begun.map { Span(seconds: (store.clock.monotonic() - $0) / 1000) }
        let retired = try settle(probes.map { ($0.0, $0.1.check) }, of: credential.id, address, session)
        if let user = try otherUser(of: probes.filter { $0.1.check.outcome == .ok }.map(\.0), in: credential) {
            throw .inUseElsewhere(user)
        }
        try Self.explain(probes.map { ($0.0, $0.1.check) }, retired, credential.terms)
        if asked.count < previous.count { throw try prober.attemptsSpent(credential.terms) }
        return retired
    }

    private func requireAccepted(
        _ current: Version, _ credential: Credential, _ address: Address
    ) async throws(OperationError) {
        let reply = try await prober.steadyCall([try prober.trial(current, of: credential)])[0]
        if reply.isSpared { throw try prober.attemptsSpent(credential.terms) }
        guard reply.check.outcome == .ok else { throw .currentNotAccepted(address, reply.check, accepted: nil) }
    }

    /// Records every answer in one transaction and erases what has been refused twice.
    /// - Parameter session: how long ago the first refusal was, if this process saw both.
    private func settle(
        _ probes: [(Version, Check)], of id: CredentialID, _ address: Address, _ session: Span?
    ) throws(OperationError) -> [Version] {
        try store.write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(id)
            let terms = credential.terms
            var retired: [Version] = []
            for (version, check) in probes {
                let isRefused = terms.isDead(check.outcome)
                let isDead = isRefused && version.isDeadByNow(at: check.at, session)
                if isDead { try transaction.retire(version, in: id) }
                credential.update(version: version.number) {
                    if check.outcome == .ok { $0.accept(at: check.at) }
                    if check.outcome.isRefusal, !isRefused { $0.deny(at: check.at) }
                    if isRefused {
                        if !version.believesFirstRefusal(at: check.at) { $0.refusedAt = nil }
                        $0.refuse(at: check.at)
                    }
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
                    if rotation.state == .grace, terms.isDead(check.outcome) { rotation.enter(.retiring, at: check.at) }
                }
                if credential.previous.isEmpty, rotation.state.isPromoted { rotation.enter(.done, at: store.now()) }
                try transaction.put(rotation)
            }
            try transaction.log(
                store.entry(.retire, address.description, .erased(versions: retired.map(\.number))))
            return retired
        }
    }

    private static func explain(
        _ probes: [(Version, Check)], _ retired: [Version], _ terms: Terms
    ) throws(OperationError) {
        let open = probes.filter { probe in !retired.contains { $0.number == probe.0.number } }
        if open.contains(where: { $0.1.outcome == .ok }) { throw .oldKeyAlive(panelPath: terms.panelPath) }
        for (_, check) in open where !terms.isDead(check.outcome) {
            throw check.outcome.isIndeterminate ? .indeterminate(check) : .oldKeyNotDead(check)
        }
        let first = open.map { version, check in
            version.believesFirstRefusal(at: check.at) ? version.firstCountedRefusal ?? check.at : check.at
        }
        if let last = first.max() { throw .refusedOnce(again: last + retireInterval) }
    }

    private func undelivered(_ credential: Credential) throws(OperationError) -> [String] {
        var paths: [String] = []
        for deployment in Set(credential.addresses.map(\.deployment)).sorted() {
            for target in try store.targets(deployment)
            where (target.delivery.versions[credential.id] ?? credential.current?.number) != credential.current?.number
                || target.delivery.isHookDue
            {
                paths.append(target.path)
            }
        }
        return paths
    }
}

extension Version {
    /// A first refusal that lies in the future, or long ago, was perhaps dated by a clock that was wrong.
    fileprivate func believesFirstRefusal(at time: Timestamp) -> Bool {
        guard let refusedAt = firstCountedRefusal else { return false }
        return time >= refusedAt && time - refusedAt <= RotationMachine.longestInterval
    }

    /// Whether one more refusal at `time` proves it dead. Within one process a clock that nobody sets has to say so too.
    /// Between two, where the first refusal is older than a day, it takes a third; a month is the longest that is believed.
    fileprivate func isDeadByNow(at time: Timestamp, _ session: Span?) -> Bool {
        guard let refusedAt = firstCountedRefusal, time - refusedAt >= RotationMachine.retireInterval else {
            return false
        }
        if let session { return session >= RotationMachine.retireInterval && believesFirstRefusal(at: time) }
        return believesFirstRefusal(at: time) || (refusals >= 2 && time - refusedAt <= .days(35))
    }
}
