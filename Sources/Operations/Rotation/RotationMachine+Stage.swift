public import Credentials
internal import Providers
public import Sealing
internal import Vault

/// What begins a rotation: until here nothing but the plan is known.
extension RotationMachine {
    /// Records that the rotation begins: from here on a new key may exist that the vault does not know.
    ///
    /// The last rotation's journal stays while it still waits for its old key to end: until there is a new key, that one
    /// can be rolled back.
    public func begin(_ plan: RotationPlan) throws(OperationError) {
        guard !plan.lastIsOpen else { return }
        try save(plan.rotation, .state(plan.rotation.state))
        // Nothing has happened at the provider yet.
        try store.requireSeen()
    }

    /// Takes pasted values: planned → staged. They are durable before anything else sees them.
    /// - Throws: what is wrong with them; then nothing is kept of them. `planOutdated`.
    public func stage(
        _ plan: RotationPlan, values: [String: SecretBytes], expires: Timestamp?, options: ProofOptions
    ) throws(OperationError) {
        let terms = plan.credential.terms
        try terms.checkExpiry(expires, at: store.now())
        do {
            try Recognition.judge(values, fields: terms.fields, known: plan.credential.current?.plain ?? [:])
        } catch {
            throw .hygiene(error)
        }
        let intake = try Intake(values, fields: terms.fields, keeping: kept(plan))
        options.tellRemovals(intake, terms)
        try refuseOld(intake.secrets(terms), in: plan.credential, plan.address)
        try stage(plan, intake, expires)
    }

    /// As `stage`, with a key that the provider issues when it is asked.
    /// - Throws: as `issue(for:)`. What came back is kept whatever it looks like: it is nowhere else.
    public func stageIssued(
        _ plan: RotationPlan, expires: Timestamp?, options: ProofOptions
    ) async throws(OperationError) {
        try await plan.whileLocked { () async throws(OperationError) in
            try await issueAndStage(plan, expires, options)
        }
    }

    private func issueAndStage(
        _ plan: RotationPlan, _ expires: Timestamp?, _ options: ProofOptions
    ) async throws(OperationError) {
        try plan.credential.terms.checkExpiry(expires, at: store.now())
        let room: EmergencyFile
        do {
            room = try store.vault.reserveEmergencyFile()
        } catch {
            throw .noRoomForKey(error)
        }
        options.holding(true)
        defer { options.holding(false) }
        let issued: (values: [String: SecretBytes], expires: Timestamp?)
        do {
            try begin(plan)
            issued = try await issue(for: plan)
        } catch {
            room.remove()
            // These mean that there is no new key; everything else leaves it open.
            let issuedNone =
                switch error {
                case .refused, .issuedOld: true
                default: false
                }
            if issuedNone, !plan.lastIsOpen {
                var rotation = plan.rotation
                try enter(.aborted, &rotation)
            }
            throw error
        }
        try keep(issued.values, expires ?? issued.expires, plan, room, options)
    }

    /// In the emergency file first: what was there before the provider was asked has room now.
    private func keep(
        _ values: [String: SecretBytes], _ expires: Timestamp?, _ plan: RotationPlan, _ room: EmergencyFile,
        _ options: ProofOptions
    ) throws(OperationError) {
        let issued = IssuedValues(credential: plan.credential.id, values: values, expires: expires, at: store.now())
        while true {
            let file = fill(room, issued)
            do {
                try stage(
                    plan, Intake(issued: values, keeping: kept(plan)), expires)
                room.remove()
                file?.remove()
                return
            } catch {
                let cause: VaultError = if case .vault(let cause) = error { cause } else { .cancelled }
                // Stored after all.
                if cause.leavesChange { throw error }
                if let file { throw .issuedKeyInFile(path: file.path, cause) }
                switch options.handingOver(values) {
                case .again: continue
                case .taken: throw .issuedKeyHandedOver(cause)
                case .nobody: throw .issuedKeyLost(cause, panelPath: plan.credential.terms.panelPath)
                }
            }
        }
    }

    /// - Returns: the file that has the values; nil when none could be written.
    private func fill(_ room: EmergencyFile, _ values: IssuedValues) -> EmergencyFile? {
        if (try? room.fill(values)) != nil { return room }
        guard let other = try? store.vault.reserveEmergencyFile(), (try? other.fill(values)) != nil else { return nil }
        return other
    }

    /// Takes a refused paste's place: the pending version is put aside, and the plan goes on from the journal as it is.
    public func putAsideRefused(_ plan: RotationPlan) throws(OperationError) -> RotationPlan {
        let rotation = try store.locked(plan.credential.id, plan.address).openRotation()
        guard rotation.state == .staged, let number = rotation.newVersion else { throw .planOutdated(plan.address) }
        return try store.write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(plan.credential.id)
            credential.update(version: number) { $0.state = .previous }
            var begun = plan.rotation
            begun.oldKey = rotation.oldKey
            begun.oldKeyLastAlive = rotation.oldKeyLastAlive
            begun.oldKeyFirstDead = rotation.oldKeyFirstDead
            try transaction.put(credential)
            try transaction.put(begun)
            try transaction.log(store.entry(.rotate, rotation.address.description, .putAside(version: number)))
            return plan.going(on: begun)
        }
    }

    /// Stages a version that is kept, so that it can be proved and made current again.
    /// - Throws: `noSuchVersion`, `versionRetired`, `versionIsCurrent`; `planOutdated`.
    public func stageReturn(_ plan: RotationPlan, to number: Int) throws(OperationError) {
        let credential = plan.credential
        guard let version = credential.version(number: number) else {
            throw .noSuchVersion(number, plan.address, kept: credential.kept.map(\.number))
        }
        guard !version.isRetired else { throw .versionRetired(number, plan.address) }
        guard version.state != .current else { throw .versionIsCurrent(number, plan.address) }
        try commit(plan, LogOutcome.returning) { credential, _ in
            // Whatever was pending gives way, and stays reachable in the same way.
            for other in credential.versions where other.state == .pending {
                credential.update(version: other.number) { $0.state = .previous }
            }
            credential.update(version: number) { $0.state = .pending }
            return number
        }
    }

    /// Puts a version that was refused back to where it was: there is nothing to go on with.
    public func giveUpReturn(_ plan: RotationPlan) throws(OperationError) {
        let put = try putAsideRefused(plan)
        var rotation = put.rotation
        try enter(.aborted, &rotation)
    }

    private func kept(_ plan: RotationPlan) -> FieldMap<String> { plan.credential.current?.plain ?? [:] }

    private func stage(_ plan: RotationPlan, _ intake: Intake, _ expires: Timestamp?) throws(OperationError) {
        let terms = plan.credential.terms
        let secrets = intake.secrets(terms)
        try commit(plan, LogOutcome.staged) { credential, transaction throws(VaultError) in
            // What would be thrown away here is in nobody's hands any more.
            guard credential.version(in: .pending) == nil else { throw .cancelled }
            let number = (credential.versions.map(\.number).max() ?? 0) + 1
            var version = Version(
                number: number, state: .pending, createdAt: store.now(), expiresAt: expires, plain: intake.plain(terms),
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
            return number
        }
    }

    /// planned → staged, if everything is still as the plan found it: two plans of one credential, however their
    /// processes came to them, cannot both be carried out.
    /// - Parameter change: makes one version pending, and returns its number.
    private func commit(
        _ plan: RotationPlan, _ outcome: (Int) -> LogOutcome,
        _ change: (inout Credential, Transaction) throws(VaultError) -> Int
    ) throws(OperationError) {
        var isOutdated = false
        do {
            try store.write { transaction throws(VaultError) in
                var credential = try transaction.snapshot.credential(plan.credential.id)
                let journal = try transaction.snapshot.rotation(of: credential.id)
                guard journal == plan.found || journal == plan.rotation,
                    credential.current?.number == plan.rotation.oldVersion
                else {
                    isOutdated = true
                    throw .cancelled
                }
                var rotation = plan.rotation
                rotation.newVersion = try change(&credential, transaction)
                rotation.enter(.staged, at: store.now())
                try transaction.put(credential)
                try transaction.put(rotation)
                let number = rotation.newVersion ?? 0
                try transaction.log(store.entry(.rotate, plan.address.description, outcome(number)))
            }
        } catch {
            throw isOutdated ? .planOutdated(plan.address) : error
        }
    }

    /// Refuses what the vault knows already: the key of another environment, a retired one, the current one, or one that
    /// was current before.
    private func refuseOld(
        _ secrets: [(field: String, value: SecretBytes)], in credential: Credential, _ address: Address
    ) throws(OperationError) {
        try store.refuseKnown(secrets, provider: credential.provider, environment: credential.environment)
        let same = try store.read { snapshot throws(VaultError) in
            try snapshot.credential(credential.id).versions.last { version in
                !version.fingerprints.isEmpty && !version.isRetired
                    && secrets.allSatisfy { version.fingerprints[$0.field] == snapshot.fingerprint(of: $0.value) }
            }
        }
        guard let same else { return }
        switch same.state {
        case .current, .pending: throw .sameKey(state: same.state.name)
        case .previous where same.activatedAt != nil: throw .previousKey(address, version: same.number)
        // Put aside before it was ever in use: it may be the right one after all.
        case .previous, .retired: return
        }
    }
}
