internal import CSodium

/// BLAKE2b (RFC 7693), with and without a key.
public enum KeyedHash {
    /// The usual length of a checksum, in bytes.
    public static let checksumCount = 32

    /// The keyed hash of `content`, `count` bytes long (16 to 64).
    public static func hash(_ content: [UInt8], key: SecretBytes, count: Int = 32) -> [UInt8] {
        key.withPointer { digest(content, content.count, $0, key.count, count: count) }
    }

    /// The keyed hash of `content`, sixteen bytes long.
    public static func hash(_ content: UnsafeRawBufferPointer, key: SecretBytes) -> SixteenBytes {
        content.withMemoryRebound(to: UInt8.self) { content in
            key.withPointer { sixteen($0, key.count, content.baseAddress, content.count) }
        }
    }

    /// The keyed hash of a secret: equal secrets are seen to be equal, the value is not seen.
    public static func hash(_ secret: SecretBytes, key: SecretBytes) -> SixteenBytes {
        defer { StackScrub.run() }
        return secret.withPointer { content in
            key.withPointer { sixteen($0, key.count, content, secret.count) }
        }
    }

    /// The hash without a key: shows accidents, does not stop a forger.
    public static func checksum(_ content: [UInt8], count: Int = 32) -> [UInt8] {
        digest(content, content.count, nil, 0, count: count)
    }

    /// The hash of `label` under `secret`, as a key: for codes that carry enough randomness to need no slow
    /// derivation (at least 16 bytes, at most 64).
    public static func key(from secret: SecretBytes, label: [UInt8]) -> SecretBytes {
        defer { StackScrub.run() }
        return SecretBytes(
            count: AEAD.keyCount,
            write: { result in
                secret.withPointer { key in
                    _ = crypto_generichash(result, AEAD.keyCount, label, UInt64(label.count), key, secret.count)
                }
            })
    }

    private static func sixteen(
        _ key: UnsafePointer<UInt8>, _ keyCount: Int, _ content: UnsafePointer<UInt8>?, _ contentCount: Int
    ) -> SixteenBytes {
        SixteenBytes {
            _ = crypto_generichash($0, SixteenBytes.count, content, UInt64(contentCount), key, keyCount)
        }
    }

    private static func digest(
        _ content: UnsafePointer<UInt8>, _ contentCount: Int, _ key: UnsafePointer<UInt8>?, _ keyCount: Int,
        count: Int
    ) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { result, initialised in
            guard let start = result.baseAddress else { return }
            _ = crypto_generichash(start, count, content, UInt64(contentCount), key, keyCount)
            initialised = count
        }
    }
}
