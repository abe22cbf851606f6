internal import CSodium

/// Random bytes that are not secret: nonces, salts, ids.
public enum Randomness {
    /// `count` bytes from the system's generator.
    public static func bytes(_ count: Int) -> [UInt8] {
        _ = sodiumReady
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            if let start = buffer.baseAddress { randombytes_buf(start, count) }
            initialised = count
        }
    }

    /// Sixteen of them, for an id.
    public static func sixteenBytes() -> SixteenBytes {
        _ = sodiumReady
        return SixteenBytes { randombytes_buf($0, SixteenBytes.count) }
    }
}
