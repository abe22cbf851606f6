internal import Credentials
internal import Glibc
internal import Providers
internal import Sealing
internal import Synchronization
internal import Vault

/// The vault as all operations use it: reads, writes, locks and lines of the log, at a clock's time.
struct VaultStore {
    let vault: OpenVault
    let clock: Clock
    /// Set where one change follows from another, and stopping in between would leave applications without a key.
    var unseen: UnseenChange?

    func now() -> Timestamp { clock.now }

    func read<Result>(
        _ body: (Snapshot) throws(VaultError) -> Result
    ) throws(OperationError) -> Result {
        do {
            return try vault.read(body)
        } catch {
            throw .vault(error)
        }
    }

    func write<Result>(
        _ body: (Transaction) throws(VaultError) -> Result
    ) throws(OperationError) -> Result {
        do {
            return try vault.write(unseen: unseen?.note, body)
        } catch {
            throw .vault(error)
        }
    }

    /// - Throws: `vault(.lastSeenNotWritten)` when a change was stored of which this machine keeps no record.
    func requireSeen() throws(OperationError) {
        if let error = unseen?.error { throw .vault(error) }
    }

    /// Looks a credential up by what the user typed.
    func find(_ reference: AddressReference) throws(OperationError) -> (Address, Credential) {
        try read { snapshot throws(VaultError) in
            let address = try snapshot.resolve(reference)
            return (address, try snapshot.credential(at: address))
        }
    }

    func credential(_ id: CredentialID) throws(OperationError) -> Credential {
        try read { snapshot throws(VaultError) in try snapshot.credential(id) }
    }

    func rotation(of id: CredentialID) throws(OperationError) -> Rotation? {
        try read { snapshot throws(VaultError) in try snapshot.rotation(of: id) }
    }

    /// Everything that fits the patterns, sorted by address; no secret is decrypted.
    func list(_ patterns: [Pattern]) throws(OperationError) -> [(address: Address, credential: Credential)] {
        var found: [(address: Address, credential: Credential)] = []
        try read { snapshot throws(VaultError) in
            try snapshot.forEachCredential { credential throws(VaultError) in
                for binding in credential.bindings where patterns.match(binding.address) {
                    found.append((binding.address, credential))
                }
            }
        }
        return Address.order(found.map(\.address)).map { found[$0] }
    }

    /// The targets of a deployment.
    /// - Parameter orNone: a deployment that does not exist has none.
    func targets(_ deployment: Deployment, orNone: Bool = false) throws(OperationError) -> [Target] {
        try read { snapshot throws(VaultError) in
            let record = try snapshot.deployment(deployment)
            guard record != nil || orNone else { throw .noSuchDeployment(deployment) }
            return record?.targets ?? []
        }
    }

    /// All deployments that have targets, in their order.
    func deploymentsWithTargets() throws(OperationError) -> [DeploymentRecord] {
        var found: [DeploymentRecord] = []
        try read { snapshot throws(VaultError) in
            try snapshot.forEachDeployment { if !$0.targets.isEmpty { found.append($0) } }
        }
        return found.sorted { $0.deployment < $1.deployment }
    }

    /// All secret and plain values of one version, for a balance call; of a retired one only the plain ones are left.
    func values(
        of version: Version, in credential: Credential
    ) throws(OperationError) -> [String: SecretBytes] {
        try read { snapshot throws(VaultError) in try Self.values(of: version, in: credential, snapshot) }
    }

    /// The same, of the current version of each; nil for one that has none.
    func currentValues(of credentials: [Credential]) throws(OperationError) -> [[String: SecretBytes]?] {
        try read { snapshot throws(VaultError) in
            var all: [[String: SecretBytes]?] = []
            for credential in credentials {
                guard let current = credential.current else {
                    all.append(nil)
                    continue
                }
                all.append(try Self.values(of: current, in: credential, snapshot))
            }
            return all
        }
    }

    private static func values(
        of version: Version, in credential: Credential, _ snapshot: Snapshot
    ) throws(VaultError) -> [String: SecretBytes] {
        var values: [String: SecretBytes] = [:]
        for (name, value) in version.plain.all { values[name] = SecretBytes(value.utf8) }
        guard !version.isRetired else { return values }
        for field in version.fingerprints.names {
            values[field] = try snapshot.secret(field, of: version, in: credential.id)
        }
        return values
    }

    /// Refuses secrets that the vault knows better: the key of another environment, or a retired one.
    func refuseKnown(
        _ secrets: [(field: String, value: SecretBytes)], provider: String, environment: String
    ) throws(OperationError) {
        let known: OperationError? = try read { snapshot throws(VaultError) in
            for (_, value) in secrets {
                let fingerprint = snapshot.fingerprint(of: value)
                for id in try snapshot.holders(of: fingerprint) {
                    let holder = try snapshot.credential(id)
                    let versions = holder.versions.filter { $0.fingerprints.values.contains(fingerprint) }
                    // Of another provider, it was a wrong paste; and a value that lives on in a newer version is not dead.
                    if holder.provider == provider, holder.environment == environment, !versions.isEmpty,
                        versions.allSatisfy(\.isRetired)
                    {
                        return .retiredKey(holder: holder.addresses.first)
                    }
                    if holder.provider == provider, holder.environment != environment,
                        let address = holder.addresses.first
                    {
                        return .keyOfOtherEnvironment(holder: address)
                    }
                }
            }
            return nil
        }
        if let known { throw known }
    }

    // MARK: Locks

    /// Runs `body` while nobody else works on the rotation of this credential, and nobody takes the vault away, because a
    /// key may be on its way that is nowhere else.
    /// - Throws: `heldByAnother`.
    func withRotationLock<Result>(
        _ id: CredentialID, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        let lock = try rotationLock(id)
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    /// As the other, with the credential and its journal as they are once nobody else can rotate or remove it.
    func withRotationLock<Result>(
        at reference: AddressReference, _ body: (LockedCredential) async throws(OperationError) -> Result
    ) async throws(OperationError) -> Result {
        let (locked, lock) = try findAndLock(reference)
        defer { withExtendedLifetime(lock) {} }
        return try await body(locked)
    }

    func findAndLock(_ reference: AddressReference) throws(OperationError) -> (LockedCredential, VaultLock) {
        let lock = try rotationLock(try find(reference).1.id)
        let locked = try read { snapshot throws(VaultError) in
            let address = try snapshot.resolve(reference)
            let credential = try snapshot.credential(at: address)
            return LockedCredential(
                address: address, credential: credential, rotation: try snapshot.rotation(of: credential.id))
        }
        return (locked, lock)
    }

    /// As it is now, for whoever holds the lock.
    /// - Parameter address: the one that it is called by, if it still has that.
    func locked(_ id: CredentialID, _ address: Address) throws(OperationError) -> LockedCredential {
        try read { snapshot throws(VaultError) in
            let credential = try snapshot.credential(id)
            return LockedCredential(
                address: credential.binding(at: address)?.address ?? credential.addresses.first ?? address,
                credential: credential, rotation: try snapshot.rotation(of: id))
        }
    }

    private func rotationLock(_ id: CredentialID) throws(OperationError) -> VaultLock {
        do {
            return try vault.lock(.rotation(id))
        } catch .held(let process) {
            throw .heldByAnother(what: "a rotation of this credential", process: process)
        } catch {
            throw .vault(error)
        }
    }

    /// Runs what gives the vault another key or another content: no rotation is under way meanwhile.
    /// - Parameter lock: takes the lock; nil where there is nothing to lock.
    /// - Throws: `heldByAnother`.
    static func withWholeVaultLock<Result>(
        _ lock: () throws(VaultError) -> VaultLock?, _ body: () throws(VaultError) -> Result
    ) throws(OperationError) -> Result {
        do {
            let lock = try lock()
            defer { withExtendedLifetime(lock) {} }
            return try body()
        } catch .held(let process) {
            throw .heldByAnother(what: "a rotation", process: process)
        } catch {
            throw .vault(error)
        }
    }

    // MARK: The log

    func entry(_ action: LogAction, _ subject: String, _ outcome: LogOutcome) -> LogEntry {
        Self.entry(action, subject, outcome, at: now())
    }

    static func entry(
        _ action: LogAction, _ subject: String, _ outcome: LogOutcome, at time: Timestamp
    ) -> LogEntry {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return LogEntry(
            at: time, user: getuid(), host: String(decoding: host, as: UTF8.self), action: action, subject: subject,
            outcome: outcome)
    }
}

/// A credential whose rotation nobody else works on.
struct LockedCredential {
    let address: Address
    let credential: Credential
    /// The last rotation, open or over.
    let rotation: Rotation?

    /// - Throws: `noOpenRotation`.
    func openRotation() throws(OperationError) -> Rotation {
        guard let rotation, !rotation.state.isOver else { throw .noOpenRotation(address) }
        return rotation
    }
}

/// That a change was stored of which this machine keeps no record.
final class UnseenChange: Sendable {
    private let first = Mutex<VaultError?>(nil)

    var error: VaultError? { first.withLock(\.self) }

    func note(_ error: VaultError) { first.withLock { $0 = $0 ?? error } }
}
