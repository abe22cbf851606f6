internal import CSodium

/// An X25519 key pair: whoever has the public half can seal to it, only the secret half opens.
public struct KeyPair: Sendable {
    /// The length of each half, in bytes.
    public static let keyCount = 32
    /// What a sealed box adds to the length of its content, in bytes.
    public static let boxOverhead = 48

    /// `keyCount` bytes; not secret.
    public let publicKey: [UInt8]
    /// `keyCount` bytes.
    public let secretKey: SecretBytes

    /// A new random pair.
    public static func random() -> KeyPair {
        KeyPair(secretKey: .random(count: keyCount))
    }

    /// The pair that belongs to a secret key of 32 bytes.
    public init(secretKey: SecretBytes) {
        precondition(secretKey.count == Self.keyCount)
        _ = sodiumReady
        var publicKey = [UInt8](repeating: 0, count: Self.keyCount)
        secretKey.withPointer { _ = crypto_scalarmult_base(&publicKey, $0) }
        StackScrub.run()
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// Seals `secret` to a public key with libsodium's sealed box (an ephemeral X25519 key, XSalsa20-Poly1305).
    public static func seal(_ secret: SecretBytes, to publicKey: [UInt8]) throws(SealingError) -> [UInt8] {
        precondition(publicKey.count == keyCount)
        _ = sodiumReady
        defer { StackScrub.run() }
        var box = [UInt8](repeating: 0, count: secret.count + boxOverhead)
        let status = secret.withPointer { crypto_box_seal(&box, $0, UInt64(secret.count), publicKey) }
        guard status == 0 else { throw .notAuthentic }
        return box
    }

    /// Opens a sealed box.
    /// - Throws: `notAuthentic` when the box is not for this pair or was changed.
    public func open(_ box: [UInt8]) throws(SealingError) -> SecretBytes {
        guard box.count >= Self.boxOverhead else { throw .notAuthentic }
        defer { StackScrub.run() }
        return try SecretBytes(
            count: box.count - Self.boxOverhead,
            write: { content throws(SealingError) in
                let status = secretKey.withPointer {
                    crypto_box_seal_open(content, box, UInt64(box.count), publicKey, $0)
                }
                guard status == 0 else { throw .notAuthentic }
            })
    }
}
