internal import CSodium

/// Shows which key is meant: it fits that key alone. AEAD seals do not show it, because one ciphertext can be made
/// to open under two keys.
public struct Commitment: Equatable, Sendable {
    /// The length of a commitment, in bytes.
    public static let count = 32
    /// `count` bytes; not secret.
    public let bytes: [UInt8]

    /// The commitment to `key` for the use that `context` describes.
    public init(to key: SecretBytes, context: [UInt8]) {
        bytes = KeyedHash.hash(Array("rekeep key commitment".utf8) + context, key: key, count: Self.count)
    }

    /// A stored commitment; nil unless it has the right length.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.count else { return nil }
        self.bytes = bytes
    }

    /// Takes the same time whatever the content.
    public static func == (left: Commitment, right: Commitment) -> Bool {
        sodium_memcmp(left.bytes, right.bytes, count) == 0
    }
}
