internal import Credentials
internal import Delivery
internal import Glibc
public import Providers
internal import Sealing
internal import Synchronization
public import Vault

/// The one place where vault, providers and delivery meet: a function for each use.
public struct Keeper {
    let vault: OpenVault
    let courier: any Courier
    let clock: Clock
    var patience: Patience
    /// Set where one change follows from another, and stopping in between would leave applications without a key.
    private var unseen: UnseenChange?

    public init(
        vault: OpenVault, courier: any Courier, clock: Clock = .system, patience: Patience = .none
    ) {
        self.vault = vault
        self.courier = courier
        self.clock = clock
        self.patience = patience
    }

    func now() -> Timestamp { clock.now }

    /// The same, for whoever does not want to wait for a provider that asks to slow down.
    public func notWaiting() -> Keeper {
        var keeper = self
        keeper.patience = .none
        return keeper
    }

    /// The same, for work that must not stop half way because this machine's own record can't be written: `requireSeen`
    /// tells of that in the end.
    public func goingOnUnseen() -> Keeper {
        var keeper = self
        keeper.unseen = UnseenChange()
        return keeper
    }

    /// - Throws: `vault(.lastSeenNotWritten)` when that has happened.
    public func requireSeen() throws(OperationError) {
        if let error = unseen?.error { throw .vault(error) }
    }

    /// Sixteen bytes that tell the vault from others; not secret.
    public var vaultID: [UInt8] { vault.id }

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

    /// Looks a credential up by what the user typed.
    func find(_ reference: AddressReference) throws(OperationError) -> (Address, Credential) {
        try read { snapshot throws(VaultError) in
            let address = try snapshot.resolve(reference)
            return (address, try snapshot.credential(at: address))
        }
    }

    /// All secret and plain values of one version, for a balance call; of a retired one only the plain ones are left.
    func values(
        of version: Version, in credential: Credential
    ) throws(OperationError) -> [String: SecretBytes] {
        var values: [String: SecretBytes] = [:]
        for (name, value) in version.plain.all { values[name] = SecretBytes(value.utf8) }
        if version.isRetired { return values }
        let secrets = try read { snapshot throws(VaultError) in
            var secrets: [String: SecretBytes] = [:]
            for field in version.fingerprints.names {
                secrets[field] = try snapshot.secret(field, of: version, in: credential.id)
            }
            return secrets
        }
        values.merge(secrets) { $1 }
        return values
    }

    func entry(_ action: String, _ subject: String, _ outcome: String) -> LogEntry {
        Self.entry(action, subject, outcome, at: now())
    }

    static func entry(_ action: String, _ subject: String, _ outcome: String, at time: Timestamp) -> LogEntry {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return LogEntry(
            at: time, user: getuid(), host: String(decoding: host, as: UTF8.self), action: action, subject: subject,
            outcome: outcome)
    }
}

/// That a change was stored of which this machine keeps no record.
private final class UnseenChange: Sendable {
    private let first = Mutex<VaultError?>(nil)

    var error: VaultError? { first.withLock(\.self) }

    func note(_ error: VaultError) { first.withLock { $0 = $0 ?? error } }
}
