public import Credentials
internal import Delivery
internal import Sealing
internal import Vault

/// What a rotation came to.
public struct RotationReport: Sendable {
    public let address: Address
    public let rotation: Rotation
    public let credential: Credential
    public let targets: [TargetReport]
    /// The answer for the new key, when it was asked for in this run.
    public let newKey: Check?
}

extension Keeper {
    /// Goes on with an unfinished rotation from wherever it stands.
    /// - Throws: `noOpenRotation`; `heldByAnother` while another process is at it.
    public func resumeRotation(
        _ reference: AddressReference, options: ProofOptions
    ) async throws(OperationError) -> RotationReport {
        let (address, credential, lock) = try findAndLock(reference)
        defer { withExtendedLifetime(lock) {} }
        return try await advance(credential.id, address, options)
    }

    /// Goes on with what `stage` has begun, as far as it can: proved, promoted, delivered.
    public func finish(_ plan: RotationPlan, options: ProofOptions) async throws(OperationError) -> RotationReport {
        defer { withExtendedLifetime(plan.lock) {} }
        let credential = try read { snapshot throws(VaultError) in try snapshot.credential(plan.credential.id) }
        let address = credential.binding(at: plan.address)?.address ?? credential.addresses.first
        return try await advance(credential.id, address ?? plan.address, options, before: plan.oldKey)
    }

    /// Takes an unfinished rotation back. The pending version is put aside, never to be delivered, and goes
    /// when `retire` finds it dead: even a mistaken abort erases nothing.
    /// - Throws: `cannotAbort` once the new version is current; `wouldLoseKey` when the old key does not work
    ///   and the new one may.
    public func abortRotation(_ reference: AddressReference) async throws(OperationError) -> Rotation {
        let (address, credential, lock) = try findAndLock(reference)
        defer { withExtendedLifetime(lock) {} }
        let open = try openRotation(credential.id, address)
        guard !open.state.isPromoted else { throw .cannotAbort(open) }
        if open.state == .planned, open.mode == .cutover, let old = credential.current {
            let check = try await call([try trial(old, of: credential)])[0].check
            if check.outcome.isDead { throw .plannedAndDead(address, check) }
        }
        let pendingCheck = try await refuseLosing(credential, address)
        return try write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(credential.id)
            if let pending = credential.version(in: .pending) {
                credential.update(version: pending.number) {
                    $0.state = .previous
                    if let check = pendingCheck, check.outcome == .ok { $0.accept(at: check.at) }
                }
                try transaction.put(credential)
            }
            var rotation = open
            rotation.enter(.aborted, at: now())
            try transaction.put(rotation)
            try transaction.log(entry("rotate", address.description, "aborted"))
            return rotation
        }
    }

    /// The credential as it is once nobody else can rotate or remove it.
    func findAndLock(
        _ reference: AddressReference
    ) throws(OperationError) -> (address: Address, credential: Credential, lock: VaultLock) {
        let lock = try rotationLock(try find(reference).1.id)
        let (address, credential) = try find(reference)
        return (address, credential, lock)
    }

    func openRotation(_ id: CredentialID, _ address: Address) throws(OperationError) -> Rotation {
        let found = try read { snapshot throws(VaultError) in try snapshot.rotation(of: id) }
        guard let found, !found.state.isOver else { throw .noOpenRotation(address) }
        return found
    }

    /// In a cutover the pending key may be the only one that the provider still accepts.
    /// - Returns: the answer for the pending key; nil where there is none.
    private func refuseLosing(_ credential: Credential, _ address: Address) async throws(OperationError) -> Check? {
        guard let pending = credential.version(in: .pending), let old = credential.current else { return nil }
        let pendingValues = try values(of: pending, in: credential)
        var canBeSent = true
        let oldCheck = try await call([try trial(old, of: credential)])[0].check
        let newCheck = try await call(
            [Trial(credential: credential, version: pending.number, values: pendingValues)],
            refusing: { _, _ in canBeSent = false })[0].check
        // Nobody can use such a key.
        guard canBeSent else { return nil }
        if oldCheck.outcome == .ok { return newCheck }
        do {
            try Self.require(
                newCheck, for: credential, plain: pendingValues, recorded: pending.identity ?? old.identity)
        } catch .refused, .identityDiffers {
            return newCheck
        } catch {
            throw oldCheck.outcome.isIndeterminate ? .indeterminate(oldCheck) : .wouldLoseKey(address, newCheck)
        }
        throw .wouldLoseKey(address, newCheck)
    }

    // MARK: Steps

    /// Tries the spelling of the new values for every target before they are made current.
    private func refuseUnencodable(_ values: [String: SecretBytes], of credential: Credential) throws(OperationError) {
        for deployment in Set(credential.addresses.map(\.deployment)) {
            for target in try targets(deployment) {
                let contents = try contents(
                    of: deployment, preset: try preset(target), replacing: (credential.id, values))
                do {
                    try TargetWriter(target, of: deployment).encodes(contents.variables)
                } catch {
                    throw .delivery(error)
                }
            }
        }
    }

    /// - Throws: `rotationStopped` where the disk fails.
    /// - Parameter before: the answer for the old key, before there was a new one.
    private func advance(
        _ id: CredentialID, _ address: Address, _ options: ProofOptions, before: Check? = nil
    ) async throws(OperationError) -> RotationReport {
        do {
            return try await runStates(id, address, options, before)
        } catch {
            guard case .vault(let cause) = error, error.isOfStorage else { throw error }
            throw .rotationStopped(address, cause)
        }
    }

    /// Runs the states that are left, each committed before the next begins.
    private func runStates(
        _ id: CredentialID, _ address: Address, _ options: ProofOptions, _ before: Check?
    ) async throws(OperationError) -> RotationReport {
        var rotation = try openRotation(id, address)
        guard rotation.state != .planned else { throw .stillPlanned(address) }
        var newKey: Check?
        if rotation.state == .staged { newKey = try await prove(&rotation, options, before) }
        if rotation.state == .proved { try promote(&rotation) }
        var targets: [TargetReport] = []
        if rotation.state == .promoted { try enter(.delivering, &rotation) }
        if rotation.state == .delivering { targets = try await deliver(&rotation) }
        let credential = try read { snapshot throws(VaultError) in try snapshot.credential(id) }
        return RotationReport(
            address: address, rotation: rotation, credential: credential, targets: targets, newKey: newKey)
    }

    /// staged → proved: the new key is ok, and it is of the same account.
    /// - Returns: the answer for the new key.
    private func prove(
        _ rotation: inout Rotation, _ options: ProofOptions, _ before: Check?
    ) async throws(OperationError) -> Check {
        let id = rotation.credential
        let credential = try read { snapshot throws(VaultError) in try snapshot.credential(id) }
        guard let number = rotation.newVersion, let new = credential.version(number: number),
            let old = credential.version(number: rotation.oldVersion)
        else { throw .vault(.damaged(.record(table: "rotation"))) }
        let newValues = try values(of: new, in: credential)
        try refuseUnencodable(newValues, of: credential)
        let probing = try await tryBoth(
            Trial(credential: credential, version: new.number, values: newValues),
            isOldAsked(rotation, credential.terms) ? try trial(old, of: credential) : nil,
            // One that was live before does not become so.
            Activation(
                issued: new.createdAt,
                window: new.activatedAt == nil ? credential.terms.activationWindow : Span(seconds: 0)), options,
            &rotation)
        let newReply = probing.new
        let newCheck = newReply.check
        if newReply.isSpared { throw try attemptsSpent(credential.terms) }
        rotation.newKey = Rotation.Probe(outcome: newCheck.outcome, at: newCheck.at)
        // The old one's answer counts as of the same breath only if it came with the new one's.
        let oldCheck = probing.old?.check
        // What it answered before the new key was issued says nothing by now.
        if rotation.mode == .cutover, oldCheck == nil, rotation.oldKey?.outcome == .ok { rotation.oldKey = nil }
        do {
            // Where no version was ever proved, the old one's answer now tells whose key it is.
            let recorded = new.identity ?? old.identity ?? (oldCheck?.outcome == .ok ? oldCheck?.identity : nil)
            try Self.require(newCheck, for: credential, plain: newValues, recorded: recorded)
            try requireOneAccount(newCheck, oldCheck, before, recorded, rotation.mode, options)
            // In a cutover only one key is valid: an endpoint that accepts both may accept anything by now.
            rotation.control = try await control(
                credential, newValues, isWanted: options.controls,
                isDoubtful: rotation.mode == .cutover && oldCheck?.outcome == .ok, refused: probing.refusal)
        } catch {
            try save(rotation, Self.word(for: error, newCheck))
            throw error
        }
        rotation.enter(.proved, at: now())
        let proved = rotation
        try write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(id)
            credential.update(version: number) {
                $0.accept(at: newCheck.at)
                $0.identity = newCheck.identity ?? $0.identity
                if let expires = newReply.expires { $0.expiresAt = expires }
            }
            // The new key was accepted in the same breath, so a refusal counts.
            // One that was refused when the rotation began is not asked again: that refusal is the first.
            if oldCheck == nil, let probe = proved.oldKey, credential.terms.isDead(probe.outcome) {
                credential.update(version: old.number) { $0.refuse(at: probe.at) }
            }
            if let oldCheck {
                let isDead = credential.terms.isDead(oldCheck.outcome)
                credential.update(version: old.number) {
                    if oldCheck.outcome == .ok { $0.accept(at: oldCheck.at) }
                    if isDead { $0.refuse(at: oldCheck.at) }
                }
            }
            credential.lastCheck = newCheck
            try transaction.put(credential)
            try transaction.put(proved)
            try transaction.log(entry("rotate", proved.address.description, "proved"))
        }
        return newCheck
    }

    /// A key that is known to be dead is not asked again, and none that must be wrong by now where no wrong key may be
    /// tried.
    private func isOldAsked(_ rotation: Rotation, _ terms: Terms) -> Bool {
        if rotation.oldKey.map({ terms.isDead($0.outcome) }) ?? false { return false }
        return terms.allowsControl || rotation.mode == .overlap
    }

    /// Where the provider names no account, two keys that live at one moment show the same.
    private func requireOneAccount(
        _ new: Check, _ old: Check?, _ before: Check?, _ recorded: String?, _ mode: Terms.Mode, _ options: ProofOptions
    ) throws(OperationError) {
        guard let old, new.identity == nil, recorded == nil, !new.balances.isEmpty else { return }
        // That it gave no answer must not be the way past the question: then what it showed a moment ago counts.
        let last = old.outcome.isIndeterminate ? before : old
        // In a cutover it is dead by now, and a provider may say that in a way that nobody knows.
        if old.outcome.isIndeterminate, last?.balances.isEmpty ?? true, mode == .overlap {
            guard options.isOneAccount([], new.balances) else { throw .indeterminate(old) }
            return
        }
        let (before, after) = (last?.balances ?? [], new.balances)
        guard last?.outcome == .ok, !before.isEmpty, Set(before.map(\.normalized)) != Set(after.map(\.normalized))
        else {
            return
        }
        guard options.isOneAccount(before, after) else { throw .otherAccount(old: before, new: after) }
    }

    private static func word(for error: OperationError, _ check: Check) -> String {
        switch error {
        case .identityDiffers, .otherAccount: "wrong account"
        case .acceptsAnything, .controlIndeterminate, .attemptsSpent: "can't validate"
        default: check.outcome.name
        }
    }

    /// The answers of a proof.
    private struct Probing {
        let new: Reply
        /// That of the old key, if it was asked in the same breath.
        let old: Reply?
        /// The refusal of the old key, whenever it came.
        let refusal: Check?
    }

    /// The new key, and with it the old one for as long as that is alive. A fresh key that is refused may not be live
    /// yet: it is tried again until its window is over, and counts as one wrong key.
    private func tryBoth(
        _ new: Trial, _ old: Trial?, _ activation: Activation, _ options: ProofOptions, _ rotation: inout Rotation
    ) async throws(OperationError) -> Probing {
        var (new, old, activation) = (new, old, activation)
        var refusal: Check?
        while true {
            let replies = try await steadyCall([new] + (old.map { [$0] } ?? []))
            guard let newReply = replies.first else { throw .courierSilent }
            let oldReply = old == nil ? nil : replies.last
            if let oldReply {
                note(oldReply, new.credential.terms, in: &rotation)
                if oldReply.check.outcome.isDead {
                    refusal = oldReply.check
                    old = nil
                }
            }
            guard newReply.check.outcome == .badCredentials, newReply.ended != nil,
                let pause = activation.next(now())
            else { return Probing(new: newReply, old: oldReply, refusal: refusal) }
            new.isCounted = false
            options.waiting(pause)
            await clock.wait(pause)
        }
    }

    /// Keeps in the journal what an answer says of the old key's end.
    private func note(_ reply: Reply, _ terms: Terms, in rotation: inout Rotation) {
        rotation.oldKey = Rotation.Probe(outcome: reply.check.outcome, at: reply.check.at)
        if reply.check.outcome == .ok {
            rotation.oldKeyLastAlive = reply.began
            rotation.oldKeyFirstDead = nil
        } else if terms.isDead(reply.check.outcome), rotation.oldKeyFirstDead == nil {
            rotation.oldKeyFirstDead = reply.ended
        }
    }

    /// proved → promoted: one transaction relabels both versions.
    private func promote(_ rotation: inout Rotation) throws(OperationError) {
        rotation.enter(.promoted, at: now())
        let promoted = rotation
        try write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(promoted.credential)
            guard let number = promoted.newVersion, credential.version(number: number)?.state == .pending,
                credential.current?.number == promoted.oldVersion
            else { throw .damaged(.record(table: "rotation")) }
            credential.update(version: promoted.oldVersion) { $0.state = $0.isRetired ? .retired : .previous }
            credential.update(version: number) {
                $0.state = .current
                // One that comes back has the age that it has.
                $0.activatedAt = $0.activatedAt ?? now()
            }
            try transaction.put(credential)
            try transaction.put(promoted)
            try transaction.log(entry("rotate", promoted.address.description, "promoted version \(number)"))
        }
    }

    /// delivering → grace or retiring, once every target is done.
    private func deliver(_ rotation: inout Rotation) async throws(OperationError) -> [TargetReport] {
        let id = rotation.credential
        let credential = try read { snapshot throws(VaultError) in try snapshot.credential(id) }
        let reports = await deliver(to: Set(credential.addresses.map(\.deployment)).sorted())
        guard reports.allSatisfy(\.isDone) else { return reports }
        if let alive = rotation.oldKeyLastAlive, rotation.mode == .cutover, !reports.isEmpty {
            let end = clock.wall()
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
            rotation.graceUntil = now() + rotation.grace
            try enter(.grace, &rotation)
        case .cutover: try enter(.retiring, &rotation)
        }
        return reports
    }

    func enter(_ state: Rotation.State, _ rotation: inout Rotation) throws(OperationError) {
        rotation.enter(state, at: now())
        try save(rotation, state.name)
    }

    func save(_ rotation: Rotation, _ outcome: String) throws(OperationError) {
        try write { transaction throws(VaultError) in
            try transaction.put(rotation)
            try transaction.log(entry("rotate", rotation.address.description, outcome))
        }
    }
}
