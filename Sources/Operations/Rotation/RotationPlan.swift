public import Credentials
public import Delivery
internal import Sealing
internal import Vault

/// What is known before anything is asked of the user or changed anywhere.
public struct RotationPlan {
    public let address: Address
    public let credential: Credential
    public let mode: Terms.Mode
    public let grace: Span
    public let targets: [(deployment: Deployment, path: String)]
    /// What speaks against going on; empty when everything that can be tried has been tried well.
    public let findings: [Finding]
    /// The answer for the old key.
    public let oldKey: Check?
    /// Kept until the rotation ends.
    let lock: RotationLock
    /// When this rotation was begun, if it was left before a new key was given.
    public let begunAt: Timestamp?
    /// The last rotation still waits for its old key to end.
    let lastIsOpen: Bool
    /// The journal as it will begin.
    let rotation: Rotation

    /// Whoever has no new key yet should not make one while it could not be proved.
    /// - Throws: `indeterminate` when the provider gave no answer for the old key.
    public func requireReachable() throws(OperationError) {
        if let oldKey, oldKey.outcome.isIndeterminate { throw .indeterminate(oldKey) }
    }

    /// Something that a pre-flight found.
    public struct Finding: Sendable, Equatable {
        public let deployment: Deployment
        public let path: String
        public let problem: DeliveryError
    }
}

extension Keeper {
    /// Looks at everything that a rotation will need. Nothing is changed anywhere.
    /// - Parameter issuing: the provider is to be asked for the new key.
    /// - Throws: `rotationOpen` when one is unfinished; `heldByAnother` when one is running;
    ///   `courier(.cannotChangeKeys)` where the profile does not say how a key is issued.
    public func planRotation(
        _ reference: AddressReference, mode: Terms.Mode?, grace: Span, issuing: Bool
    ) async throws(OperationError) -> RotationPlan {
        let (address, credential, lock) = try findAndLock(reference)
        let open = try read { snapshot throws(VaultError) in try snapshot.rotation(of: credential.id) }
        // A plan is made anew, and goes on from the last one; a delivered rotation must not stand in the way
        // of the next, because a key that leaks in its grace has to be replaced at once.
        switch open?.state {
        case nil, .planned, .grace, .retiring, .done, .aborted, .rolledBack: break
        case .staged, .proved, .promoted, .delivering: if let open { throw .rotationOpen(open) }
        }
        guard let current = credential.current else { throw .vault(.damaged(.record(table: "credential"))) }
        if issuing {
            guard try await profile(of: credential.provider).issuesKeys else {
                throw .courier(.cannotChangeKeys(credential.provider))
            }
        }
        do {
            try vault.probeWrite()
        } catch {
            throw .vault(error)
        }
        let values = try values(of: current, in: credential)
        let (targets, findings) = try preflight(credential, Self.dummies(of: values, credential.terms))
        let check = try await call([Trial(credential: credential, version: current.number, values: values)]).first
        // A rotation that was begun and left knows when the old key was last seen to work.
        let begun = open?.state == .planned && open?.oldVersion == current.number ? open : nil
        let lastAlive = check?.outcome == .ok ? Milliseconds.now() : begun?.oldKeyLastAlive
        let mode = mode ?? credential.terms.mode
        var rotation = Rotation(
            credential: credential.id, address: address, mode: mode, oldVersion: current.number, grace: grace,
            at: begun?.steps.first?.at ?? now())
        rotation.oldKey = check.map { Rotation.Probe(outcome: $0.outcome, at: $0.at) }
        rotation.oldKeyLastAlive = lastAlive
        return RotationPlan(
            address: address, credential: credential, mode: mode, grace: grace,
            targets: targets, findings: findings, oldKey: check, lock: lock, begunAt: begun?.steps.first?.at,
            lastIsOpen: open?.state == .grace || open?.state == .retiring, rotation: rotation)
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
            for target in try self.targets(deployment) {
                targets.append((deployment, target.path))
                let contents = try contents(
                    of: deployment, preset: try preset(target), replacing: (credential.id, dummies))
                do {
                    try TargetWriter(target, of: deployment).preflight(contents.variables)
                } catch {
                    findings.append(RotationPlan.Finding(deployment: deployment, path: target.path, problem: error))
                }
            }
        }
        return (targets, findings)
    }
}
