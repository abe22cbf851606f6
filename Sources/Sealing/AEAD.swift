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
        var content: [UInt8] = []
        let count = try sealed.withUnsafeBufferPointer { sealed throws(SealingError) in
            try open(UnsafeRawBufferPointer(sealed), with: key, binding: context, into: &content)
        }
        content.removeLast(content.count - count)
        return content
    }

    /// As `open`, into memory that serves for one after another: `content` is made larger where it has to be.
    /// - Returns: how many bytes of `content` count.
    public static func open(
        _ sealed: UnsafeRawBufferPointer, with key: SecretBytes, binding context: [UInt8], into content: inout [UInt8]
    ) throws(SealingError) -> Int {
        let count = sealed.count - overhead
        guard count >= 0 else { throw .notAuthentic }
        // One byte at least, so that there is an address.
        if content.count < max(1, count) { content = [UInt8](repeating: 0, count: max(1, count)) }
        let isAuthentic = content.withUnsafeMutableBufferPointer { content in
            guard let start = content.baseAddress else { return false }
            return decrypt(sealed, with: key, binding: context, into: start)
        }
        guard isAuthentic else { throw .notAuthentic }
        return count
    }

    /// Opens a secret value straight into locked memory.
    /// - Throws: `notAuthentic` when key, context or content does not fit the seal.
    public static func openSecret(
        _ sealed: [UInt8], with key: SecretBytes, binding context: [UInt8]
    ) throws(SealingError) -> SecretBytes {
        try sealed.withUnsafeBufferPointer { sealed throws(SealingError) in
            try openSecret(UnsafeRawBufferPointer(sealed), with: key, binding: context)
        }
    }

    /// As `openSecret`, without a copy of what is sealed.
    public static func openSecret(
        _ sealed: UnsafeRawBufferPointer, with key: SecretBytes, binding context: [UInt8]
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
        _ sealed: UnsafeRawBufferPointer, with key: SecretBytes, binding context: [UInt8],
        into content: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        guard key.count == keyCount else { return false }
        return sealed.withMemoryRebound(to: UInt8.self) { sealed in
            key.withPointer { key in
                guard let start = sealed.baseAddress else { return false }
                return crypto_aead_xchacha20poly1305_ietf_decrypt(
                    content, nil, nil, start + nonceCount, UInt64(sealed.count - nonceCount), context,
                    UInt64(context.count), start, key) == 0
            }
        }
    }
}
