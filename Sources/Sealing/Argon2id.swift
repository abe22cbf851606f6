internal import CSodium

/// Argon2id (RFC 9106) with one lane, as libsodium computes it: a passphrase becomes a 256-bit key.
public struct Argon2id: Equatable, Sendable {
    /// Passes over the memory (`t`).
    public let operations: UInt64
    /// Memory in bytes (`m`).
    public let memoryBytes: UInt64

    /// The length of a salt, in bytes.
    public static let saltCount = 16
    /// The least that is accepted from a file: OWASP's minimum, 19 MiB and two passes.
    public static let floor = (operations: UInt64(2), memoryBytes: UInt64(19 << 20))
    /// The most that is accepted from a file: a hostile vault must not exhaust the machine.
    public static let ceiling = (operations: UInt64(10), memoryBytes: UInt64(1 << 30))
    /// The most work that one opening may do, over all its slots: as much as the most expensive one alone.
    public static let mostWork = ceiling.operations * ceiling.memoryBytes
    /// libsodium's MODERATE: 256 MiB, three passes, about half a second.
    public static let moderate = Argon2id(unchecked: 3, 256 << 20)

    /// Passes times bytes of memory.
    public var work: UInt64 { operations * memoryBytes }

    private init(unchecked operations: UInt64, _ memoryBytes: UInt64) {
        self.operations = operations
        self.memoryBytes = memoryBytes
    }

    /// - Throws: `costsOutOfRange` outside `floor...ceiling`.
    public init(operations: UInt64, memoryBytes: UInt64) throws(SealingError) {
        guard (Self.floor.operations...Self.ceiling.operations).contains(operations),
            (Self.floor.memoryBytes...Self.ceiling.memoryBytes).contains(memoryBytes)
        else { throw .costsOutOfRange(operations: operations, memoryBytes: memoryBytes) }
        self.init(unchecked: operations, memoryBytes)
    }

    /// The key for `passphrase` under `salt` (16 bytes).
    /// - Throws: `outOfMemory` when the system does not give the memory.
    public func key(for passphrase: SecretBytes, salt: [UInt8]) throws(SealingError) -> SecretBytes {
        precondition(salt.count == Self.saltCount)
        _ = sodiumReady
        return try SecretBytes(
            count: AEAD.keyCount,
            write: { key throws(SealingError) in
                let status = passphrase.withCString { characters in
                    crypto_pwhash(
                        key, UInt64(AEAD.keyCount), characters, UInt64(passphrase.count), salt, operations,
                        Int(memoryBytes), crypto_pwhash_alg_argon2id13())
                }
                guard status == 0 else { throw .outOfMemory }
            })
    }
}
