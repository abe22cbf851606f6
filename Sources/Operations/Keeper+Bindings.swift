public import Credentials
public import Sealing
internal import Vault

extension Keeper {
    /// Binds another address to the credential at `existing`.
    public func link(_ address: Address, to existing: AddressReference, prefix: String?) throws(OperationError)
        -> Credential
    {
        var (known, credential) = try find(existing)
        guard address.deployment.environment == credential.environment else {
            throw .linkAcrossEnvironments(address, known)
        }
        guard address.provider == credential.provider else { throw .linkAcrossProviders(address, known) }
        guard credential.binding(at: address) == nil else { throw .vault(.addressTaken(address)) }
        credential.bindings.append(Binding(address: address, prefix: prefix))
        credential.bindings.sort { $0.address < $1.address }
        try checkNames(adding: credential, at: address)
        return try change(known, "link", outcome: address.description) {
            $0.bindings = credential.bindings
        }
    }

    /// Gives an address another application or account; provider and environment stay.
    public func rename(_ old: AddressReference, to new: Address) throws(OperationError) -> Credential {
        var (known, credential) = try find(old)
        guard new.provider == credential.provider, new.deployment.environment == credential.environment else {
            throw .renameAcrossIssuers(known, new)
        }
        guard let binding = credential.binding(at: known) else { throw .vault(.noSuchAddress(known)) }
        credential.bindings.removeAll { $0.address == known }
        credential.bindings.append(Binding(address: new, prefix: binding.prefix))
        credential.bindings.sort { $0.address < $1.address }
        try checkNames(adding: credential, at: new)
        return try change(known, "rename", outcome: new.description) { $0.bindings = credential.bindings }
    }

    /// What `edit` may change without a new key.
    public struct Edit: Sendable {
        /// New plain values by field name, as pasted.
        public var plain: [String: SecretBytes] = [:]
        public var maxAge: Span?
        public var expires: Timestamp?
        public var note: String?
        public var prefix: String?

        public init() {}
    }

    /// Changes what is not secret. New plain values are proved with a balance call before they are stored.
    public func edit(_ reference: AddressReference, _ edit: Edit) async throws(OperationError) -> Credential {
        let (address, credential) = try find(reference)
        guard let current = credential.current else { throw .vault(.damaged(.record(table: "credential"))) }
        try checkExpiry(edit.expires, credential.terms)
        for name in edit.plain.keys.sorted() {
            if let field = credential.terms.secretFields.first(where: { $0.name == name }) {
                throw .secretFieldInEdit(field)
            }
        }
        var changed = credential
        var check: Check?
        if !edit.plain.isEmpty {
            let stored = try values(of: current, in: credential).filter { current.fingerprints[$0.key] != nil }
            let intake = try Intake(
                stored.merging(edit.plain) { $1 }, fields: credential.terms.fields, keeping: current.plain)
            changed.update(version: current.number) { $0.plain = intake.plain(credential.terms) }
            let trial = Trial(credential: changed, version: current.number, values: intake.values)
            guard let answer = try await call([trial]).first else { throw .courierSilent }
            try Self.require(answer, for: changed, plain: intake.values, recorded: nil)
            check = answer
        }
        if let prefix = edit.prefix, let index = changed.bindings.firstIndex(where: { $0.address == address }) {
            changed.bindings[index] = Binding(address: address, prefix: prefix)
            try checkNames(adding: changed, at: address)
        }
        let new = changed
        return try change(address, "edit", outcome: "ok") { credential in
            credential.bindings = new.bindings
            if let maxAge = edit.maxAge { credential.maxAge = maxAge }
            if let note = edit.note { credential.note = note }
            credential.update(version: current.number) { version in
                if let plain = new.version(number: current.number)?.plain { version.plain = plain }
                if let expires = edit.expires { version.expiresAt = expires }
                if let check {
                    version.provedAt = check.at
                    version.identity = check.identity
                }
            }
            if let check { credential.lastCheck = check }
        }
    }

    /// What a `remove` took away.
    public struct RemoveReport: Sendable {
        public let address: Address
        /// The credential itself went with its last address.
        public let removedCredential: Bool
        /// Targets that still hold its values.
        public let targets: [String]
    }

    /// Removes an address; with the last one the credential goes, its secrets erased.
    public func remove(_ reference: AddressReference) throws(OperationError) -> RemoveReport {
        let (address, found) = try find(reference)
        let lock = try rotationLock(found.id)
        defer { withExtendedLifetime(lock) {} }
        return try write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(at: address)
            let targets = try transaction.deploymentEntry(address.deployment).targets.map(\.path)
            let isLast = credential.bindings.count == 1
            if isLast {
                try transaction.remove(credential)
            } else {
                credential.bindings.removeAll { $0.address == address }
                try transaction.put(credential)
            }
            try transaction.log(entry("remove", address.description, isLast ? "credential erased" : "unbound"))
            return RemoveReport(address: address, removedCredential: isLast, targets: targets)
        }
    }

    /// Changes the credential at `address` as it is now, not as it was read earlier.
    func change(
        _ address: Address, _ action: String, outcome: String, _ body: (inout Credential) -> Void
    ) throws(OperationError) -> Credential {
        try write { transaction throws(VaultError) in
            var credential = try transaction.snapshot.credential(at: address)
            body(&credential)
            try transaction.put(credential)
            try transaction.log(entry(action, address.description, outcome))
            return credential
        }
    }
}
