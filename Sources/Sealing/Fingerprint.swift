/// The keyed hash of a secret under a subkey of the vault: equality can be seen, the value cannot.
public struct Fingerprint: Hashable, Sendable {
    /// The length of a fingerprint, in bytes.
    public static let count = SixteenBytes.count
    private let value: SixteenBytes

    /// `key` is the vault's own, so that one secret has different fingerprints in two vaults.
    public init(of secret: SecretBytes, key: SecretBytes) {
        value = KeyedHash.hash(secret, key: key)
    }

    /// A stored fingerprint.
    public init(_ value: SixteenBytes) {
        self.value = value
    }

    /// A stored fingerprint; nil unless it has the right length.
    public init?(bytes: [UInt8]) {
        guard let value = SixteenBytes(bytes) else { return nil }
        self.value = value
    }

    /// `count` bytes.
    public var bytes: [UInt8] { value.array }
}
