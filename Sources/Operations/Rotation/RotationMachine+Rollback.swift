public import Credentials
internal import Vault

/// A rotation that is not over, and what can be done with it now.
public struct OpenRotation: Sendable {
    /// What a person can do next.
    public enum Step: String, Sendable {
        case rotate, resume, abort, rollback, retire
    }

    /// The first of the credential's addresses.
    public let address: Address
    /// As it is stored now.
    public let rotation: Rotation

    /// What `rekeep rotate --status` offers, the usual step first; empty when the rotation is over.
    public var steps: [Step] {
        switch rotation.state {
        case .staged, .proved: [.resume, .abort]
        case .promoted, .delivering: [.resume, .rollback]
        case .grace, .retiring: [.retire, .rollback]
        case .planned: [.rotate, .abort]
        case .done, .aborted, .rolledBack: []
        }
    }
}

extension RotationMachine {
    /// The rotation of the credential at `address` that somebody has to go on with; nil also where the vault cannot be
    /// read.
    public func unfinished(_ address: Address) -> Rotation? {
        let found = try? store.read { snapshot throws(VaultError) in
            try snapshot.rotation(of: snapshot.credential(at: address).id)
        }
        return found.flatMap { $0.state.isUnfinished ? $0 : nil }
    }

    /// Until when the old key is to stay valid; nil where that is over, or no rotation is in its grace.
    public func graceEnd(_ reference: AddressReference) throws(OperationError) -> Timestamp? {
        let (_, credential) = try store.find(reference)
        let rotation = try store.rotation(of: credential.id)
        guard rotation?.state == .grace, let end = rotation?.graceUntil, end > store.now() else { return nil }
        return end
    }

    /// Every rotation that is not over, sorted by address.
    /// - Parameter patterns: over all addresses of the credentials; none means all.
    public func open(_ patterns: [Pattern]) throws(OperationError) -> [OpenRotation] {
        try store.read { snapshot throws(VaultError) in
            var open: [OpenRotation] = []
            try snapshot.forEachRotation { rotation throws(VaultError) in
                guard !rotation.state.isOver else { return }
                let credential = try snapshot.credential(rotation.credential)
                guard let address = credential.addresses.first, credential.addresses.contains(where: patterns.match)
                else { return }
                open.append(OpenRotation(address: address, rotation: rotation))
            }
            return open
        }.sorted { $0.address < $1.address }
    }

    /// Makes the previous version current again and delivers it, if the provider accepts it at this moment.
    /// - Throws: `noOpenRotation`; `cannotRollBack` before the new version is current, or when the old key is not
    ///   accepted now; `heldByAnother`.
    public func rollBack(_ reference: AddressReference) async throws(OperationError) -> RotationReport {
        try await store.withRotationLock(at: reference) { locked async throws(OperationError) in
            try await rollBack(locked)
        }
    }

    private func rollBack(_ locked: LockedCredential) async throws(OperationError) -> RotationReport {
        let (address, credential) = (locked.address, locked.credential)
        let open = try locked.openRotation()
        guard open.state.isPromoted, let old = credential.version(number: open.oldVersion), old.state == .previous
        else { throw .cannotRollBack(open, nil) }
        let values = try store.values(of: old, in: credential)
        let reply = try await prober.steadyCall([Trial(credential: credential, version: old.number, values: values)])[0]
        let check = reply.check
        if reply.isSpared { throw try prober.attemptsSpent(credential.terms) }
        do {
            try Prober.require(check, for: credential, plain: values, recorded: old.identity)
        } catch {
            throw .cannotRollBack(open, check)
        }
        let rotation = try store.write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(credential.id)
            for version in credential.versions where version.state == .current {
                credential.update(version: version.number) { $0.state = .previous }
            }
            credential.update(version: old.number) {
                $0.state = .current
                $0.accept(at: check.at)
            }
            credential.lastCheck = check
            var rotation = open
            rotation.oldKey = Rotation.Probe(outcome: check.outcome, at: check.at)
            rotation.downtime = nil
            rotation.enter(.rolledBack, at: store.now())
            try transaction.put(credential)
            try transaction.put(rotation)
            try transaction.log(store.entry(.rotate, address.description, .rolledBack(version: old.number)))
            return rotation
        }
        // From here on a crash leaves targets that drift, and deploy finishes.
        let targets = await deliverer.deliver(to: Set(credential.addresses.map(\.deployment)).sorted())
        let after = try store.credential(credential.id)
        return RotationReport(
            address: address, rotation: rotation, credential: after, targets: targets, newKey: nil)
    }
}
