internal import CSodium

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) with a random 192-bit nonce in front:
/// `nonce (24) ‖ ciphertext ‖ tag (16)`.
public enum AEAD {
    /// The length of a nonce, in bytes.
    public static let nonceCount = 24
    /// The length of a tag, in bytes.
    public static let tagCount = 16
    /// What a seal adds to the length of its content, in bytes.
    public static let overhead = nonceCount + tagCount
    /// The length of a key, in bytes.
    public static let keyCount = 32

    /// Seals content that is not a secret value itself, such as a record.
    public static func seal(_ content: [UInt8], with key: SecretBytes, binding context: [UInt8]) -> [UInt8] {
        seal(content, count: content.count, with: key, binding: context, nonce: Randomness.bytes(nonceCount))
    }

    /// Seals a secret value without copying it out of locked memory.
    public static func seal(_ secret: SecretBytes, with key: SecretBytes, binding context: [UInt8]) -> [UInt8] {
        defer { StackScrub.run() }
        return secret.withPointer {
            seal($0, count: secret.count, with: key, binding: context, nonce: Randomness.bytes(nonceCount))
        }
    }

    /// The seal with a given nonce, for published vectors. A nonce must never serve twice under one key.
    static func seal(
        _ content: UnsafePointer<UInt8>, count: Int, with key: SecretBytes, binding context: [UInt8], nonce: [UInt8]
    ) -> [UInt8] {
        precondition(key.count == keyCount && nonce.count == nonceCount)
        var sealed = nonce + [UInt8](repeating: 0, count: count + tagCount)
        sealed.withUnsafeMutableBufferPointer { sealed in
            key.withPointer { key in
                guard let start = sealed.baseAddress else { return }
                _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                    start + nonceCount, nil, content, UInt64(count), context, UInt64(context.count), nil, nonce, key)
            }
        }
        return sealed
    }

    /// Opens content that is not a secret value itself.
    /// - Throws: `notAuthentic` when key, context or content does not fit the seal.
    public static func open(
        _ sealed: [UInt8], with key: SecretBytes, binding context: [UInt8]
    ) throws(SealingError) -> [UInt8] {
        guard sealed.count >= overhead else { throw .notAuthentic }
        let count = sealed.count - overhead
        var authentic = false
        let content = [UInt8](unsafeUninitializedCapacity: max(1, count)) { buffer, initialised in
            guard let start = buffer.baseAddress else { return }
            authentic = decrypt(sealed, with: key, binding: context, into: start)
            initialised = authentic ? count : 0
        }
        guard authentic else { throw .notAuthentic }
        return content
    }

    /// Opens a secret value straight into locked memory.
    /// - Throws: `notAuthentic` when key, context or content does not fit the seal.
    public static func openSecret(
        _ sealed: [UInt8], with key: SecretBytes, binding context: [UInt8]
    ) throws(SealingError) -> SecretBytes {
        guard sealed.count >= overhead else { throw .notAuthentic }
        defer { StackScrub.run() }
        return try SecretBytes(
            count: sealed.count - overhead,
            write: { content throws(SealingError) in
                guard decrypt(sealed, with: key, binding: context, into: content) else { throw .notAuthentic }
            })
    }

    private static func decrypt(
        _ sealed: [UInt8], with key: SecretBytes, binding context: [UInt8], into content: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        guard key.count == keyCount else { return false }
        return sealed.withUnsafeBufferPointer { sealed in
            key.withPointer { key in
                guard let start = sealed.baseAddress else { return false }
                return crypto_aead_xchacha20poly1305_ietf_decrypt(
                    content, nil, nil, start + nonceCount, UInt64(sealed.count - nonceCount), context,
                    UInt64(context.count), start, key) == 0
            }
        }
    }
}
