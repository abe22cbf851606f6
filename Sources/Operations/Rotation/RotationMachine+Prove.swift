internal import Credentials
internal import Delivery
internal import Sealing
internal import Vault

extension RotationMachine {
    /// staged → proved: the new key is ok, and it is of the same account.
    /// - Returns: the answer for the new key.
    func prove(
        _ credential: Credential, _ rotation: inout Rotation, _ options: ProofOptions, _ before: Check?
    ) async throws(OperationError) -> Check {
        let id = credential.id
        guard let number = rotation.newVersion, let new = credential.version(number: number),
            let old = credential.version(number: rotation.oldVersion)
        else { throw .vault(.damaged(.record(table: "rotation"))) }
        let newValues = try store.values(of: new, in: credential)
        try refuseUnencodable(newValues, of: credential)
        let probing = try await tryBoth(
            Trial(credential: credential, version: new.number, values: newValues),
            isOldAsked(rotation, credential.terms) ? try prober.trial(old, of: credential) : nil,
            // One that was live before does not become so.
            Activation(
                issued: new.createdAt,
                window: new.activatedAt == nil ? credential.terms.activationWindow : Span(seconds: 0)), options,
            &rotation)
        let newReply = probing.new
        let newCheck = newReply.check
        if newReply.isSpared { throw try prober.attemptsSpent(credential.terms) }
        rotation.newKey = Rotation.Probe(outcome: newCheck.outcome, at: newCheck.at)
        // The old one's answer counts as of the same breath only if it came with the new one's.
        let oldCheck = probing.old?.check
        // What it answered before the new key was issued says nothing by now.
        if rotation.mode == .cutover, oldCheck == nil, rotation.oldKey?.outcome == .ok { rotation.oldKey = nil }
        do {
            // Where no version was ever proved, the old one's answer now tells whose key it is.
            let recorded = new.identity ?? old.identity ?? (oldCheck?.outcome == .ok ? oldCheck?.identity : nil)
            try Prober.require(newCheck, for: credential, plain: newValues, recorded: recorded)
            try requireOneAccount(newCheck, oldCheck, before, recorded, rotation.mode, options)
            // In a cutover only one key is valid: an endpoint that accepts both may accept anything by now.
            rotation.control = try await prober.control(
                credential, newValues, isWanted: options.controls,
                isDoubtful: rotation.mode == .cutover && oldCheck?.outcome == .ok, refused: probing.refusal)
        } catch {
            try save(rotation, Self.logged(error, newCheck))
            throw error
        }
        rotation.enter(.proved, at: store.now())
        let proved = rotation
        try store.write { transaction throws(VaultError) in
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
            try transaction.log(store.entry(.rotate, proved.address.description, .state(.proved)))
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

    private static func logged(_ error: OperationError, _ check: Check) -> LogOutcome {
        switch error {
        case .identityDiffers, .otherAccount: .wrongAccount
        case .acceptsAnything, .controlIndeterminate, .attemptsSpent: .notValidated
        default: .answered(check.outcome)
        }
    }

    /// The answers of a proof.
    private struct Probing {
        let new: TrialResult
        /// That of the old key, if it was asked in the same breath.
        let old: TrialResult?
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
            let replies = try await prober.steadyCall([new] + (old.map { [$0] } ?? []))
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
                let pause = activation.next(store.now())
            else { return Probing(new: newReply, old: oldReply, refusal: refusal) }
            new.isCounted = false
            options.waiting(pause)
            await store.clock.wait(pause)
        }
    }

    /// Keeps in the journal what an answer says of the old key's end.
    private func note(_ reply: TrialResult, _ terms: Terms, in rotation: inout Rotation) {
        rotation.oldKey = Rotation.Probe(outcome: reply.check.outcome, at: reply.check.at)
        if reply.check.outcome == .ok {
            rotation.oldKeyLastAlive = reply.began
            rotation.oldKeyFirstDead = nil
        } else if terms.isDead(reply.check.outcome), rotation.oldKeyFirstDead == nil {
            rotation.oldKeyFirstDead = reply.ended
        }
    }

    /// Tries the spelling of the new values for every target before they are made current.
    private func refuseUnencodable(_ values: [String: SecretBytes], of credential: Credential) throws(OperationError) {
        for deployment in Set(credential.addresses.map(\.deployment)) {
            for target in try store.targets(deployment) {
                let contents = try deliverer.contents(
                    of: deployment, preset: try deliverer.preset(target), replacing: (credential.id, values))
                let writer = try deliverer.writer(target, of: deployment)
                do {
                    try writer.encodes(contents.variables)
                } catch {
                    throw .delivery(error)
                }
            }
        }
    }
}
