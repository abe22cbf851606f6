public import Credentials
public import Sealing
internal import Vault

/// What there is to know of a credential beside its values.
public struct CredentialDetails: Sendable {
    /// As it was asked for.
    public let address: Address
    /// Without secret values.
    public let credential: Credential
    /// The credential's own, else that of the policy for the address, else the profile's.
    public let maxAge: Span
    /// The targets of all deployments that it is bound to.
    public let targets: [(deployment: Deployment, target: Target)]
}

extension Registry {
    /// A credential with its limits and targets.
    public func details(_ reference: AddressReference) throws(OperationError) -> CredentialDetails {
        let (address, credential) = try store.find(reference)
        return try store.read { snapshot throws(VaultError) in
            var targets: [(deployment: Deployment, target: Target)] = []
            for deployment in Set(credential.addresses.map(\.deployment)).sorted() {
                targets += try snapshot.deployment(deployment)?.targets.map { (deployment, $0) } ?? []
            }
            return CredentialDetails(
                address: address, credential: credential,
                maxAge: try snapshot.policies().maxAge(of: credential, at: address), targets: targets)
        }
    }

    /// A credential and the address it was asked for by.
    public func show(_ reference: AddressReference) throws(OperationError) -> (Address, Credential) {
        try store.find(reference)
    }

    /// The value of one field; secret values come in locked memory.
    /// - Parameter number: the version; nil for the current one.
    /// - Throws: `unknownField`, `noSuchVersion`, `versionRetired`.
    public func value(
        _ field: String, at reference: AddressReference, version number: Int? = nil
    ) throws(OperationError) -> SecretBytes {
        if let number { _ = try version(number, at: reference) }
        let found: (Credential, SecretBytes?) = try store.read { snapshot throws(VaultError) in
            let credential = try snapshot.credential(at: snapshot.resolve(reference))
            let version = number.map { credential.version(number: $0) } ?? credential.current
            guard let current = version else { return (credential, nil) }
            if current.fingerprints[field] != nil {
                return (credential, try snapshot.secret(field, of: current, in: credential.id))
            }
            return (credential, current.plain[field].map { SecretBytes($0.utf8) })
        }
        guard let value = found.1 else {
            throw .unknownField(field, known: found.0.terms.fields.map(\.name))
        }
        return value
    }

    /// A version that is kept.
    /// - Throws: `noSuchVersion`, `versionRetired`.
    public func version(_ number: Int, at reference: AddressReference) throws(OperationError) -> Version {
        let (address, credential) = try store.find(reference)
        guard let version = credential.version(number: number) else {
            throw .noSuchVersion(number, address, kept: credential.versions.map(\.number))
        }
        guard !version.isRetired else { throw .versionRetired(number, address) }
        return version
    }

    /// Everything that fits the patterns, sorted by address; no secret is decrypted.
    public func list(_ patterns: [Pattern]) throws(OperationError) -> [(address: Address, credential: Credential)] {
        let found = try store.list(patterns)
        guard patterns.isEmpty || !found.isEmpty else { throw .nothingMatches(patterns) }
        return found
    }
}
