public import Credentials
internal import Delivery
public import Sealing
internal import Vault

extension Registry {
    /// Binds another address to the credential at `existing`.
    public func link(
        _ address: Address, to existing: AddressReference, prefix: String?
    ) throws(OperationError) -> Credential {
        let (known, credential) = try store.find(existing)
        guard address.deployment.environment == credential.environment else {
            throw .linkAcrossEnvironments(address, known)
        }
        guard address.provider == credential.provider else { throw .linkAcrossProviders(address, known) }
        guard credential.binding(at: address) == nil else { throw .vault(.addressTaken(address)) }
        return try change(known, .link, outcome: .object(address.description), names: address) {
            $0.bindings.append(Binding(address: address, prefix: prefix))
        }
    }

    /// What a `rename` came to.
    public struct RenameReport: Sendable {
        /// As it is stored now.
        public let credential: Credential
        /// Targets of the old deployment that still hold its values.
        public let targets: [String]
    }

    /// Gives an address another application or account; provider and environment stay.
    public func rename(_ old: AddressReference, to new: Address) throws(OperationError) -> RenameReport {
        let (known, credential) = try store.find(old)
        guard new.provider == credential.provider, new.deployment.environment == credential.environment else {
            throw .renameAcrossIssuers(known, new)
        }
        let renamed = try change(known, .rename, outcome: .object(new.description), names: new) { credential in
            guard let binding = credential.binding(at: known) else { return }
            credential.bindings.removeAll { $0.address == known }
            credential.bindings.append(Binding(address: new, prefix: binding.prefix))
        }
        let left = known.deployment == new.deployment ? [] : try store.targets(known.deployment, orNone: true)
        return RenameReport(credential: renamed, targets: left.map(\.path))
    }

    /// What `edit` may change without a new key.
    public struct Edit: Sendable {
        /// New plain values by field name, as pasted.
        public var plain: [String: SecretBytes] = [:]
        /// The age that the user sets for this credential; nil: as it is.
        public var maxAge: Span?
        /// When the provider ends the current key; nil: as it is.
        public var expires: Timestamp?
        /// The user's remark; nil: as it is.
        public var note: String?
        /// The account, as the user knows it; nil: as it is.
        public var account: String?
        /// The first part of the variables' names at the address that is edited; nil: as it is.
        public var prefix: String?

        /// Changes nothing yet.
        public init() {}
    }

    /// Changes what is not secret. New plain values are proved with a balance call before they are stored.
    /// - Throws: `rotationOpen` while a key is pending that was staged with the old plain values.
    public func edit(_ reference: AddressReference, _ edit: Edit) async throws(OperationError) -> Credential {
        try await store.withRotationLock(at: reference) { locked async throws(OperationError) in
            try await self.edit(locked, edit)
        }
    }

    private func edit(_ locked: LockedCredential, _ edit: Edit) async throws(OperationError) -> Credential {
        let (address, credential) = (locked.address, locked.credential)
        if let open = locked.rotation, open.state == .staged || open.state == .proved { throw .rotationOpen(open) }
        guard let current = credential.current else { throw .vault(.damaged(.record(table: "credential"))) }
        try credential.terms.checkExpiry(edit.expires, at: store.now())
        for name in edit.plain.keys.sorted() {
            if let field = credential.terms.secretFields.first(where: { $0.name == name }) {
                throw .secretFieldInEdit(field)
            }
        }
        var plain = current.plain
        var check: Check?
        if !edit.plain.isEmpty {
            let stored = try store.values(of: current, in: credential).filter { current.fingerprints[$0.key] != nil }
            let intake = try Intake(
                stored.merging(edit.plain) { $1 }, fields: credential.terms.fields, keeping: current.plain)
            plain = intake.plain(credential.terms)
            let trial = Trial(credential: credential, version: current.number, values: intake.values, isStored: false)
            guard let found = try await prober.call([trial]).first?.check else { throw .courierSilent }
            try Prober.require(found, for: credential, plain: intake.values, recorded: nil)
            check = found
        }
        return try change(address, .edit, outcome: .done, names: address) { credential in
            if let prefix = edit.prefix, let index = credential.bindings.firstIndex(where: { $0.address == address }) {
                credential.bindings[index] = Binding(address: address, prefix: prefix)
            }
            if let maxAge = edit.maxAge { credential.maxAge = maxAge }
            if let note = edit.note { credential.note = note }
            if let account = edit.account { credential.account = account }
            credential.update(version: current.number) { version in
                version.plain = plain
                if let expires = edit.expires { version.expiresAt = expires }
                if let check {
                    version.accept(at: check.at)
                    version.identity = check.identity
                }
            }
            if let check { credential.lastCheck = check }
        }
    }

    /// What a `remove` took away.
    public struct RemoveReport: Sendable {
        /// The address that was removed.
        public let address: Address
        /// The credential itself went with its last address.
        public let removedCredential: Bool
        /// Targets that still hold its values.
        public let targets: [String]
    }

    /// Removes an address; with the last one the credential goes, its secrets erased.
    public func remove(_ reference: AddressReference) throws(OperationError) -> RemoveReport {
        let (address, found) = try store.find(reference)
        return try store.withRotationLock(found.id) { () throws(OperationError) in
            try store.write { transaction throws(VaultError) in try remove(address, transaction) }
        }
    }

    private func remove(_ address: Address, _ transaction: Transaction) throws(VaultError) -> RemoveReport {
        var credential = try transaction.snapshot.credential(at: address)
        let targets = try transaction.deploymentRecord(address.deployment).targets.map(\.path)
        let isLast = credential.bindings.count == 1
        if isLast {
            try transaction.remove(credential)
        } else {
            credential.bindings.removeAll { $0.address == address }
            try transaction.put(credential)
        }
        try transaction.log(store.entry(.remove, address.description, isLast ? .credentialErased : .unbound))
        return RemoveReport(address: address, removedCredential: isLast, targets: targets)
    }

    /// Changes the credential at `address` as it is now, not as it was read earlier. Targets whose content
    /// this changes are seen as not written any more.
    /// - Parameter names: an address whose variables' names have to be free.
    private func change(
        _ address: Address, _ action: LogAction, outcome: LogOutcome, names: Address, _ body: (inout Credential) -> Void
    ) throws(OperationError) -> Credential {
        var problem: DeliveryError?
        do {
            return try store.vault.write { transaction throws(VaultError) in
                let before = try transaction.snapshot.credential(at: address)
                var credential = before
                body(&credential)
                credential.bindings.sort { $0.address < $1.address }
                problem = try TargetConflicts.problem(adding: credential, at: names, transaction.snapshot)
                guard problem == nil else { throw .cancelled }
                try transaction.put(credential)
                if credential.bindings != before.bindings || credential.current?.plain != before.current?.plain {
                    for deployment in Set((before.addresses + credential.addresses).map(\.deployment)) {
                        var record = try transaction.deploymentRecord(deployment)
                        for index in record.targets.indices {
                            record.targets[index].delivery.versions[credential.id] = nil
                        }
                        try transaction.put(record)
                    }
                }
                try transaction.log(store.entry(action, address.description, outcome))
                return credential
            }
        } catch {
            throw problem.map { .delivery($0) } ?? .vault(error)
        }
    }
}
