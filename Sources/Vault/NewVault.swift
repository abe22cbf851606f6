internal import Sealing

/// What is decided of a vault before it is made, so that an identity file can name it.
public struct NewVault: Sendable {
    /// 16 bytes.
    public let id: [UInt8]
    let lasting = LastingKeys.random()

    public init() { id = Randomness.bytes(16) }

    /// With another vault's id, which anybody can do.
    init(id: [UInt8]) { self.id = id }

    public var pin: VaultPin { VaultPin(id: id, anchor: lasting.anchor) }
}
