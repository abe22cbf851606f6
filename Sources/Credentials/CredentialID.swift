public import Sealing

/// Names a credential inside its vault: 16 random bytes.
public struct CredentialID: Hashable, Sendable {
    /// The length of an id, in bytes.
    public static let count = SixteenBytes.count
    /// The id itself.
    public let value: SixteenBytes

    /// For a credential that is to be added.
    public static func random() -> CredentialID { CredentialID(Randomness.sixteenBytes()) }

    /// A stored id.
    public init(_ value: SixteenBytes) {
        self.value = value
    }

    /// A stored id; nil unless it has the right length.
    public init?(bytes: [UInt8]) {
        guard let value = SixteenBytes(bytes) else { return nil }
        self.value = value
    }

    /// `count` bytes.
    public var bytes: [UInt8] { value.array }
}
