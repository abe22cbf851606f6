public import Sealing

/// What opens a passphrase, recovery or keyring slot: 32 bytes, from which the slot's key pair and the key of its
/// anchor come.
struct SlotKey {
    let pair: KeyPair
    let anchorKey: SecretBytes

    init(_ key: SecretBytes) {
        pair = KeyPair(secretKey: key.subkey(1, context: "rekeepsl"))
        anchorKey = key.subkey(2, context: "rekeepsl")
    }

    init(recovering code: RecoveryCode) {
        self.init(KeyedHash.key(from: code.secret, label: Array("rekeep recovery slot".utf8)))
    }
}

/// The random key of a keyring slot, to be kept by the Secret Service.
public struct KeyringKey: Sendable {
    /// 32 bytes.
    public let secret: SecretBytes

    /// For a new slot.
    public static func random() -> KeyringKey { KeyringKey(secret: .random(count: AEAD.keyCount)) }

    private init(secret: SecretBytes) { self.secret = secret }

    /// Nil unless there are 32 bytes.
    public init?(_ secret: SecretBytes) {
        guard secret.count == AEAD.keyCount else { return nil }
        self.secret = secret
    }

    /// The public key of the slot that this key opens.
    public var publicKey: [UInt8] { SlotKey(secret).pair.publicKey }
}

/// A random code, shown once, to print and lock away: 160 bits.
public struct RecoveryCode: Sendable {
    static let count = 20
    let secret: SecretBytes

    /// For a new slot.
    public static func random() -> RecoveryCode {
        RecoveryCode(secret: .random(count: count))
    }

    private init(secret: SecretBytes) {
        self.secret = secret
    }

    /// Reads a typed code; nil when it has a wrong character, length or checksum.
    public init?(code: SecretBytes) {
        guard let secret = GroupedCode.decode(code, count: Self.count) else { return nil }
        self.secret = secret
    }

    /// The code in groups, as ASCII.
    public var code: SecretBytes { GroupedCode.encode(secret) }
}
