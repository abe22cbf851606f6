internal import Sealing

/// What is decided of a vault before it is made, so that an identity file can name it.
public struct NewVault: Sendable {
    /// 16 bytes.
    public let id: [UInt8]
    let lasting = LastingKeys.random()

    /// With a random id and random lasting keys. Nothing is written yet.
    public init() { id = Randomness.bytes(16) }

    /// With another vault's id, which anybody can do.
    init(id: [UInt8]) { self.id = id }

    /// What an identity file can name before the vault is there.
    public var pin: VaultPin { VaultPin(id: id, anchor: lasting.anchor) }
}
