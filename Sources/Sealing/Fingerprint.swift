/// The keyed hash of a secret under a subkey of the vault: equality can be seen, the value cannot.
public struct Fingerprint: Hashable, Sendable {
    /// The length of a fingerprint, in bytes.
    public static let count = 16
    /// `count` bytes.
    public let bytes: [UInt8]

    /// `key` is the vault's own, so that one secret has different fingerprints in two vaults.
    public init(of secret: SecretBytes, key: SecretBytes) {
        bytes = KeyedHash.hash(secret, key: key, count: Self.count)
    }

    /// A stored fingerprint; nil unless it has the right length.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.count else { return nil }
        self.bytes = bytes
    }
}
