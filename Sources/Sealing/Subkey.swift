internal import CSodium

extension SecretBytes {
    /// The subkey number `number` of this 256-bit key in `context` (eight characters), by `crypto_kdf` (BLAKE2b).
    public func subkey(_ number: UInt64, context: StaticString) -> SecretBytes {
        precondition(count == AEAD.keyCount && context.utf8CodeUnitCount == 8)
        defer { StackScrub.run() }
        return SecretBytes(
            count: AEAD.keyCount,
            write: { subkey in
                withPointer { key in
                    let label = UnsafeRawPointer(context.utf8Start).assumingMemoryBound(to: CChar.self)
                    _ = crypto_kdf_derive_from_key(subkey, AEAD.keyCount, number, label, key)
                }
            })
    }
}
