public import Credentials
public import Delivery
internal import Sealing
internal import Vault

/// What is known before anything is asked of the user or changed anywhere.
public struct RotationPlan {
    /// The address that the user gave, with its provider.
    public let address: Address
    /// As the plan found it.
    public let credential: Credential
    /// The user's choice, else the profile's.
    public let mode: Terms.Mode
    /// How long the old key stays accepted on purpose.
    public let grace: Span
    /// The targets of all deployments that the credential is bound to, sorted by deployment.
    public let targets: [(deployment: Deployment, path: String)]
    /// What speaks against going on; empty when all that could be tried went well.
    public let findings: [Finding]
    /// The answer for the old key.
    public let oldKey: Check?
    /// Other credentials that have the same key now, each with its addresses, by the first.
    public let sharers: [Credential]
    /// Kept until the rotation ends.
    let lock: VaultLock
    /// When this rotation was begun, if it was left before a new key was given.
    public let begunAt: Timestamp?
    /// The last rotation still waits for its old key to end.
    let lastIsOpen: Bool
    /// The journal as it will begin.
    let rotation: Rotation
    /// The journal that was found.
    let found: Rotation?
    /// What the plan was made from.
    let shape: Shape

    /// What a plan depends on, besides the provider: whoever waited for an answer compares it.
    struct Shape: Equatable {
        let bindings: [Binding]
        let current: Int?
        /// Without what is known of their deliveries.
        let targets: [Target]
    }

    /// Nobody else works on the rotation meanwhile.
    func whileLocked<Result>(
        _ body: () async throws(OperationError) -> Result
    ) async throws(OperationError) -> Result {
        defer { withExtendedLifetime(lock) {} }
        return try await body()
    }

    /// The same plan, after the journal was brought back to its beginning.
    func going(on journal: Rotation) -> RotationPlan {
        RotationPlan(
            address: address, credential: credential, mode: mode, grace: grace, targets: targets, findings: findings,
            oldKey: oldKey, sharers: sharers, lock: lock, begunAt: begunAt, lastIsOpen: false, rotation: journal,
            found: journal, shape: shape)
    }

    /// Whoever has no new key yet should not make one while it could not be proved.
    /// - Throws: `indeterminate` when the provider gave no answer for the old key.
    public func requireReachable() throws(OperationError) {
        if let oldKey, oldKey.outcome.isIndeterminate { throw .indeterminate(oldKey) }
    }

    /// Something that a pre-flight found.
    public struct Finding: Sendable, Equatable {
        /// The deployment that the target belongs to.
        public let deployment: Deployment
        /// The target's file, an absolute path.
        public let path: String
        /// Why the target could not be written with a key like the new one.
        public let problem: DeliveryError
    }
}

extension RotationMachine {
    /// Looks at everything that a rotation will need. Nothing is changed anywhere.
    /// - Parameters:
    ///   - issuing: the provider is to be asked for the new key.
    ///   - isReturn: a kept version is to come back; whatever rotation is open gives way to that.
    /// - Throws: `rotationOpen` when one is unfinished; `heldByAnother` when one is running;
    ///   `courier(.cannotChangeKeys)` where the profile does not say how a key is issued.
    public func plan(
        _ reference: AddressReference, mode: Terms.Mode?, grace: Span, issuing: Bool, isReturn: Bool = false
    ) async throws(OperationError) -> RotationPlan {
        let (locked, lock) = try store.findAndLock(reference)
        let (address, credential, open) = (locked.address, locked.credential, locked.rotation)
        // A plan is made anew, and goes on from the last one; a delivered rotation must not stand in the way
        // of the next, because a key that leaks in its grace has to be replaced at once.
        switch open?.state {
        case nil, .planned, .grace, .retiring, .done, .aborted, .rolledBack: break
        case .staged, .proved, .promoted, .delivering: if let open, !isReturn { throw .rotationOpen(open) }
        }
        guard let current = credential.current else { throw .vault(.damaged(.record(table: "credential"))) }
        if issuing {
            guard try await prober.profile(of: credential.provider).issuesKeys else {
                throw .courier(.cannotChangeKeys(credential.provider))
            }
        }
        do {
            try store.vault.probeWrite()
        } catch {
            throw .vault(error)
        }
        let values = try store.values(of: current, in: credential)
        let (targets, findings) = try preflight(credential, Self.dummies(of: values, credential.terms))
        let reply = try await prober.call([Trial(credential: credential, version: current.number, values: values)])
            .first
        let check = reply?.check
        // A rotation that was begun and left knows when the old key was last seen to work.
        let begun = open?.state == .planned && open?.oldVersion == current.number ? open : nil
        let lastAlive = check?.outcome == .ok ? reply?.began : begun?.oldKeyLastAlive
        let mode = mode ?? credential.terms.mode
        var rotation = Rotation(
            credential: credential.id, address: address, mode: mode, oldVersion: current.number, grace: grace,
            at: begun?.steps.first?.at ?? store.now())
        rotation.oldKey = check.map { Rotation.Probe(outcome: $0.outcome, at: $0.at) }
        rotation.oldKeyLastAlive = lastAlive
        if check?.outcome.isDead == true { rotation.oldKeyFirstDead = begun?.oldKeyFirstDead ?? reply?.ended }
        return RotationPlan(
            address: address, credential: credential, mode: mode, grace: grace,
            targets: targets, findings: findings, oldKey: check, sharers: try sharers(of: credential), lock: lock,
            begunAt: begun?.steps.first?.at,
            lastIsOpen: open?.state == .grace || open?.state == .retiring, rotation: rotation, found: open,
            shape: try shape(credential))
    }

    /// The plan as it is by now; nil while nothing that it depends on has changed. Nobody is asked anything.
    public func changedPlan(_ plan: RotationPlan) throws(OperationError) -> RotationPlan? {
        let credential = try store.credential(plan.credential.id)
        let shape = try shape(credential)
        guard shape != plan.shape else { return nil }
        let values = try store.values(of: credential.current ?? plan.credential.versions[0], in: credential)
        let (targets, findings) = try preflight(credential, Self.dummies(of: values, credential.terms))
        let address = credential.binding(at: plan.address)?.address ?? credential.addresses.first ?? plan.address
        return RotationPlan(
            address: address, credential: credential, mode: plan.mode, grace: plan.grace, targets: targets,
            findings: findings, oldKey: plan.oldKey, sharers: try sharers(of: credential), lock: plan.lock,
            begunAt: plan.begunAt, lastIsOpen: plan.lastIsOpen, rotation: plan.rotation, found: plan.found, shape: shape
        )
    }

    private func shape(_ credential: Credential) throws(OperationError) -> RotationPlan.Shape {
        var targets: [Target] = []
        for deployment in Set(credential.addresses.map(\.deployment)).sorted() {
            for var target in try store.targets(deployment) {
                target.delivery = DeliveryState()
                targets.append(target)
            }
        }
        return RotationPlan.Shape(
            bindings: credential.bindings, current: credential.current?.number, targets: targets)
    }

    /// Other credentials whose current key this one's is, in whatever environment.
    private func sharers(of credential: Credential) throws(OperationError) -> [Credential] {
        try store.read { snapshot throws(VaultError) in
            var found: [Credential] = []
            for fingerprint in credential.current?.fingerprints.values ?? [] {
                for id in try snapshot.holders(of: fingerprint) where id != credential.id {
                    let other = try snapshot.credential(id)
                    guard let current = other.current, !current.isRetired, !other.bindings.isEmpty,
                        current.fingerprints.values.contains(fingerprint), !found.contains(where: { $0.id == id })
                    else { continue }
                    found.append(other)
                }
            }
            return found.sorted { $0.bindings[0].address < $1.bindings[0].address }
        }
    }

    /// Values that look like those of a new key, to try their spelling with: the old ones with a character changed. Where
    /// the old one is erased, anything.
    private static func dummies(of values: [String: SecretBytes], _ terms: Terms) -> [String: SecretBytes] {
        var dummies: [String: SecretBytes] = [:]
        for field in terms.secretFields {
            dummies[field.name] =
                values[field.name].map { WrongKey.made(from: $0, of: field) ?? $0 }
                ?? SecretBytes("x".utf8)
        }
        return dummies
    }

    /// Tries every target of every deployment that the credential is bound to, without touching one.
    private func preflight(
        _ credential: Credential, _ dummies: [String: SecretBytes]
    ) throws(OperationError) -> ([(deployment: Deployment, path: String)], [RotationPlan.Finding]) {
        var targets: [(deployment: Deployment, path: String)] = []
        var findings: [RotationPlan.Finding] = []
        for deployment in Set(credential.addresses.map(\.deployment)).sorted() {
            for target in try store.targets(deployment) {
                targets.append((deployment, target.path))
                let contents = try deliverer.contents(
                    of: deployment, preset: try deliverer.preset(target), replacing: (credential.id, dummies))
                do throws(OperationError) {
                    let writer = try deliverer.recovered(target, of: deployment)
                    do throws(DeliveryError) {
                        try writer.preflight(contents.variables)
                    } catch {
                        throw .delivery(error)
                    }
                } catch .delivery(let error) {
                    findings.append(RotationPlan.Finding(deployment: deployment, path: target.path, problem: error))
                }
            }
        }
        return (targets, findings)
    }
}
