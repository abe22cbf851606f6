public import Credentials
internal import Delivery
public import Sealing
internal import Vault

/// What a rotation came to.
public struct RotationReport: Sendable {
    public let address: Address
    public let rotation: Rotation
    public let credential: Credential
    public let targets: [TargetReport]
    /// The answer for the new key, when it was asked for in this run.
    public let newKey: Check?
    /// The currencies of the old and the new key's balances, where they differ: perhaps another account.
    public let currencies: (old: String, new: String)?
}

extension Keeper {
    /// Takes the new values and goes as far as it can: staged, proved, promoted, delivered.
    public func rotate(
        _ plan: RotationPlan, values: [String: SecretBytes], expires: Timestamp?, options: ProofOptions
    ) async throws(OperationError) -> RotationReport {
        defer { withExtendedLifetime(plan.lock) {} }
        try checkExpiry(expires, plan.credential.terms)
        let intake = try Intake(values, fields: plan.credential.terms.fields, keeping: kept(plan))
        options.tellRemovals(intake, plan.credential.terms)
        try stage(plan, intake, expires)
        return try await advance(plan.credential.id, plan.address, options)
    }

    /// As `rotate`, with a key that the provider issues when it is asked.
    /// - Throws: as `issue(for:)`. What came back is staged whatever it looks like: it is nowhere else.
    public func rotateIssuing(
        _ plan: RotationPlan, expires: Timestamp?, options: ProofOptions
    ) async throws(OperationError) -> RotationReport {
        defer { withExtendedLifetime(plan.lock) {} }
        try checkExpiry(expires, plan.credential.terms)
        try begin(plan)
        options.holding(true)
        do {
            let issued = try await issue(for: plan)
            try stage(plan, Intake(issued: issued.values, keeping: kept(plan)), expires ?? issued.expires)
        } catch {
            options.holding(false)
            // A refusal means that there is no new key; everything else leaves it open.
            if case .refused = error, !plan.lastIsOpen {
                var rotation = plan.rotation
                try enter(.aborted, &rotation)
            }
            throw error
        }
        options.holding(false)
        return try await advance(plan.credential.id, plan.address, options)
    }

    /// Records that the rotation begins: from here on a new key may exist that the vault does not know.
    ///
    /// The last rotation's journal stays while it still waits for its old key to end: until there is a new key, that one
    /// can be rolled back.
    public func begin(_ plan: RotationPlan) throws(OperationError) {
        guard !plan.lastIsOpen else { return }
        try save(plan.rotation, plan.rotation.state.name)
    }

    private func kept(_ plan: RotationPlan) -> FieldMap<String> { plan.credential.current?.plain ?? [:] }

    /// Goes on with an unfinished rotation from wherever it stands.
    /// - Throws: `noOpenRotation`; `heldByAnother` while another process is at it.
    public func resumeRotation(
        _ reference: AddressReference, options: ProofOptions
    ) async throws(OperationError) -> RotationReport {
        let (address, credential, lock) = try findAndLock(reference)
        defer { withExtendedLifetime(lock) {} }
        return try await advance(credential.id, address, options)
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
            let check = try await call([try trial(old, of: credential)])[0]
            if check.outcome.isDead { throw .plannedAndDead(address, check) }
        }
        let pendingCheck = try await refuseLosing(credential, address)
        return try write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(credential.id)
            if let pending = credential.version(in: .pending) {
                credential.update(version: pending.number) {
                    $0.state = .previous
                    if let check = pendingCheck, check.outcome == .ok { $0.provedAt = check.at }
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
    ) throws(OperationError) -> (address: Address, credential: Credential, lock: RotationLock) {
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
        let checks = try await call([
            try trial(old, of: credential),
            Trial(credential: credential, version: pending.number, values: pendingValues),
        ])
        guard let oldCheck = checks.first, let newCheck = checks.last else { throw .courierSilent }
        if oldCheck.outcome == .ok { return newCheck }
        do {
            try Self.require(newCheck, for: credential, plain: pendingValues, recorded: old.identity)
        } catch .refused, .identityDiffers {
            return newCheck
        } catch {
            throw oldCheck.outcome.isIndeterminate ? .indeterminate(oldCheck) : .wouldLoseKey(address, newCheck)
        }
        throw .wouldLoseKey(address, newCheck)
    }

    // MARK: Steps

    /// planned → staged: the new values are durable before anything else sees them.
    private func stage(
        _ plan: RotationPlan, _ intake: Intake, _ expires: Timestamp?
    ) throws(OperationError) {
        let credential = try read { snapshot throws(VaultError) in try snapshot.credential(plan.credential.id) }
        let terms = credential.terms
        let secrets = intake.secrets(terms)
        try refuseKnown(secrets, provider: credential.provider, environment: credential.environment)
        try refuseSame(secrets, in: credential)
        try write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(credential.id)
            let number = (credential.versions.map(\.number).max() ?? 0) + 1
            var version = Version(
                number: number, state: .pending, createdAt: now(), expiresAt: expires, plain: intake.plain(terms),
                fingerprints: [:])
            for (field, value) in secrets {
                version.fingerprints[field] = try transaction.put(
                    secret: value, field: field, version: number, of: credential.id)
            }
            credential.versions.append(version)
            // What an aborted rotation left behind under the same key is this key. The new version stands
            // already, so that the vault goes on knowing whose key it is.
            for old in credential.previous where old.fingerprints == version.fingerprints {
                try transaction.withdraw(old, from: &credential)
            }
            var rotation = plan.rotation
            rotation.newVersion = number
            rotation.enter(.staged, at: now())
            try transaction.put(credential)
            try transaction.put(rotation)
            try transaction.log(entry("rotate", plan.address.description, "staged version \(number)"))
        }
    }

    private func refuseSame(
        _ secrets: [(field: String, value: SecretBytes)], in credential: Credential
    ) throws(OperationError) {
        let same = try read { snapshot throws(VaultError) in
            credential.versions.last { version in
                (version.state == .current || version.state == .pending) && !version.fingerprints.isEmpty
                    && secrets.allSatisfy { version.fingerprints[$0.field] == snapshot.fingerprint(of: $0.value) }
            }
        }
        if let same { throw .sameKey(state: same.state.name) }
    }

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

    /// Runs the states that are left, each committed before the next begins.
    private func advance(
        _ id: CredentialID, _ address: Address, _ options: ProofOptions
    ) async throws(OperationError) -> RotationReport {
        var rotation = try openRotation(id, address)
        guard rotation.state != .planned else { throw .stillPlanned(address) }
        var newKey: Check?
        var currencies: (old: String, new: String)?
        if rotation.state == .staged {
            let (new, old) = try await prove(&rotation, options)
            newKey = new
            if let new = new.balance?.currency, let old = old, new != old { currencies = (old, new) }
        }
        if rotation.state == .proved { try promote(&rotation) }
        var targets: [TargetReport] = []
        if rotation.state == .promoted { try enter(.delivering, &rotation) }
        if rotation.state == .delivering { targets = try await deliver(&rotation) }
        let credential = try read { snapshot throws(VaultError) in try snapshot.credential(id) }
        return RotationReport(
            address: address, rotation: rotation, credential: credential, targets: targets,
            newKey: newKey, currencies: currencies)
    }

    /// staged → proved: the new key is ok, and it is of the same account.
    /// - Returns: the answer for the new key, and the currency of the old one's balance where it is known.
    private func prove(
        _ rotation: inout Rotation, _ options: ProofOptions
    ) async throws(OperationError) -> (new: Check, oldCurrency: String?) {
        let id = rotation.credential
        let credential = try read { snapshot throws(VaultError) in try snapshot.credential(id) }
        guard let number = rotation.newVersion, let new = credential.version(number: number),
            let old = credential.version(number: rotation.oldVersion)
        else { throw .vault(.damaged(.record(table: "rotation"))) }
        let newValues = try values(of: new, in: credential)
        try refuseUnencodable(newValues, of: credential)
        let (newCheck, oldCheck) = try await tryBoth(
            Trial(credential: credential, version: new.number, values: newValues),
            try trial(old, of: credential),
            Activation(issued: new.createdAt, window: credential.terms.activationWindow), options)
        rotation.newKey = Rotation.Probe(outcome: newCheck.outcome, at: newCheck.at)
        rotation.oldKey = Rotation.Probe(outcome: oldCheck.outcome, at: oldCheck.at)
        if oldCheck.outcome == .ok { rotation.oldKeyLastAlive = Milliseconds.now() }
        // Where the old version was never proved, its answer now tells whose key it is.
        let recorded = old.identity ?? (oldCheck.outcome == .ok ? oldCheck.identity : nil)
        do {
            try Self.require(newCheck, for: credential, plain: newValues, recorded: recorded)
            // In a cutover only one key is valid: an endpoint that accepts both may accept anything by now.
            rotation.control = try await control(
                credential, newValues, isWanted: options.controls,
                isDoubtful: rotation.mode == .cutover && oldCheck.outcome == .ok)
        } catch {
            try save(rotation, Self.word(for: error, newCheck))
            throw error
        }
        rotation.enter(.proved, at: now())
        let proved = rotation
        try write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(id)
            credential.update(version: number) {
                $0.provedAt = newCheck.at
                $0.identity = newCheck.identity
            }
            // The new key was accepted in the same breath, so this refusal counts.
            credential.update(version: old.number) {
                $0.refusedAt = oldCheck.outcome.isDead ? oldCheck.at : nil
                if oldCheck.outcome == .ok { $0.provedAt = oldCheck.at }
            }
            credential.lastCheck = newCheck
            try transaction.put(credential)
            try transaction.put(proved)
            try transaction.log(entry("rotate", proved.address.description, "proved"))
        }
        return (newCheck, oldCheck.balance?.currency ?? credential.lastCheck?.balance?.currency)
    }

    private static func word(for error: OperationError, _ check: Check) -> String {
        switch error {
        case .identityDiffers: "wrong account"
        case .acceptsAnything, .controlIndeterminate: "can't validate"
        default: check.outcome.name
        }
    }

    /// The new key and the old one at once. A fresh key that is refused may not be live yet: it is tried again until
    /// its window is over.
    private func tryBoth(
        _ new: Trial, _ old: Trial, _ activation: Activation, _ options: ProofOptions
    ) async throws(OperationError) -> (new: Check, old: Check) {
        var activation = activation
        while true {
            let checks = try await steadyCall([new, old])
            guard let newCheck = checks.first, let oldCheck = checks.last else { throw .courierSilent }
            guard newCheck.outcome == .badCredentials, let pause = activation.next(now()) else {
                return (newCheck, oldCheck)
            }
            options.waiting(pause)
            await Self.pause(pause)
        }
    }

    /// proved → promoted: one transaction relabels both versions.
    private func promote(_ rotation: inout Rotation) throws(OperationError) {
        rotation.enter(.promoted, at: now())
        let promoted = rotation
        try write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(promoted.credential)
            guard let number = promoted.newVersion, credential.version(number: number)?.state == .pending else {
                throw .damaged(.record(table: "rotation"))
            }
            credential.update(version: promoted.oldVersion) { $0.state = $0.isRetired ? .retired : .previous }
            credential.update(version: number) {
                $0.state = .current
                $0.activatedAt = now()
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
            rotation.downtimeMilliseconds = max(0, Milliseconds.now() - alive)
        }
        // After the restore of an older copy there may be no old key to watch.
        if credential.previous.isEmpty {
            try enter(.done, &rotation)
            return reports
        }
        switch rotation.mode {
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
