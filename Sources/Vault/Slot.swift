public import Sealing

/// One way to open a vault.
struct Slot {
    enum Kind: UInt8 {
        case passphrase = 1
        case identity = 2
        case recovery = 3
    }

    /// What the slot holds besides the commitment.
    enum Content {
        case passphrase(Argon2id, salt: [UInt8], wrapped: [UInt8])
        case identity(publicKey: [UInt8], box: [UInt8])
        case recovery(wrapped: [UInt8])

        var kind: Kind {
            switch self {
            case .passphrase: .passphrase
            case .identity: .identity
            case .recovery: .recovery
            }
        }
    }

    let number: Int
    let content: Content
    let commitment: Commitment
}

/// How a new slot will be opened.
public enum SlotRequest: Sendable {
    case passphrase(SecretBytes, Argon2id)
    case identity(publicKey: [UInt8])
    case recovery(RecoveryCode)
}

/// What somebody brings to open a vault with.
public enum Opener: Sendable {
    case passphrase(SecretBytes)
    case identity(KeyPair)
    case recovery(RecoveryCode)
    /// The vault's key itself, from a session.
    case vaultKey(SecretBytes)
}

/// A random code, shown once, to print and lock away: 160 bits.
public struct RecoveryCode: Sendable {
    static let count = 20
    let secret: SecretBytes

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

extension Slot {
    static func make(
        _ request: SlotRequest, number: Int, vaultKey: SecretBytes, vault: [UInt8]
    ) throws(VaultError) -> Slot {
        let commitment = Commitment(to: vaultKey, context: vault)
        do {
            switch request {
            case .passphrase(let passphrase, let costs):
                let salt = Randomness.bytes(Argon2id.saltCount)
                let key = try costs.key(for: passphrase, salt: salt)
                let wrapped = AEAD.seal(vaultKey, with: key, binding: binding(vault, number, .passphrase))
                return Slot(
                    number: number, content: .passphrase(costs, salt: salt, wrapped: wrapped), commitment: commitment)
            case .identity(let publicKey):
                return Slot(
                    number: number,
                    content: .identity(publicKey: publicKey, box: try KeyPair.seal(vaultKey, to: publicKey)),
                    commitment: commitment)
            case .recovery(let code):
                let wrapped = AEAD.seal(vaultKey, with: recoveryKey(code), binding: binding(vault, number, .recovery))
                return Slot(number: number, content: .recovery(wrapped: wrapped), commitment: commitment)
            }
        } catch {
            throw .derivation(error)
        }
    }

    /// The vault key; nil when the opener does not fit this slot.
    /// - Throws: `damaged(.slotKey)` when it fits but leads to a key that the slot is not committed to.
    func open(with opener: Opener, vault: [UInt8]) throws(VaultError) -> SecretBytes? {
        let key: SecretBytes?
        switch (content, opener) {
        case (.passphrase(let costs, let salt, let wrapped), .passphrase(let passphrase)):
            let slotKey: SecretBytes
            do {
                slotKey = try costs.key(for: passphrase, salt: salt)
            } catch {
                throw .derivation(error)
            }
            key = try? AEAD.openSecret(wrapped, with: slotKey, binding: Self.binding(vault, number, .passphrase))
        case (.identity(let publicKey, let box), .identity(let pair)):
            guard publicKey == pair.publicKey else { return nil }
            key = try? pair.open(box)
            // The slot names this identity, so a box that does not open has been changed.
            if key == nil { throw .damaged(.slot(number: number)) }
        case (.recovery(let wrapped), .recovery(let code)):
            key = try? AEAD.openSecret(
                wrapped, with: Self.recoveryKey(code), binding: Self.binding(vault, number, .recovery))
        case (_, .vaultKey(let given)):
            // A session of before the key was changed fits no slot any more.
            return Commitment(to: given, context: vault) == commitment ? given : nil
        case (.passphrase, _), (.identity, _), (.recovery, _):
            return nil
        }
        guard let key else { return nil }
        guard key.count == AEAD.keyCount, Commitment(to: key, context: vault) == commitment else {
            throw .damaged(.slotKey(number: number))
        }
        return key
    }

    private static func recoveryKey(_ code: RecoveryCode) -> SecretBytes {
        KeyedHash.key(from: code.secret, label: Array("rekeep recovery slot".utf8))
    }

    private static func binding(_ vault: [UInt8], _ number: Int, _ kind: Kind) -> [UInt8] {
        var place = Array("rekeep slot".utf8)
        withUnsafeBytes(of: UInt32(Schema.format).littleEndian) { place.append(contentsOf: $0) }
        place.append(contentsOf: vault)
        withUnsafeBytes(of: Int64(number).littleEndian) { place.append(contentsOf: $0) }
        place.append(kind.rawValue)
        return place
    }
}

extension Slot {
    /// The content as it lies on disk.
    var plainForm: [UInt8] {
        var writer = RecordWriter()
        switch content {
        case .passphrase(let costs, let salt, let wrapped):
            writer.put(number: costs.operations)
            writer.put(number: costs.memoryBytes)
            writer.put(fixed: salt)
            writer.put(fixed: wrapped)
        case .identity(let publicKey, let box):
            writer.put(fixed: publicKey)
            writer.put(fixed: box)
        case .recovery(let wrapped):
            writer.put(fixed: wrapped)
        }
        writer.put(fixed: commitment.bytes)
        return writer.bytes
    }

    /// Shows accidental damage without any key.
    var checksum: [UInt8] { Self.checksum(number: number, kind: content.kind.rawValue, plainForm: plainForm) }

    private static func checksum(number: Int, kind: UInt8, plainForm: [UInt8]) -> [UInt8] {
        var writer = RecordWriter()
        writer.put(number)
        writer.put(kind)
        writer.put(fixed: plainForm)
        return KeyedHash.checksum(writer.bytes)
    }

    /// Reads a slot from its row.
    init(number: Int, kind: Int64, plainForm: [UInt8], checksum: [UInt8]) throws(VaultError) {
        guard let kind = UInt8(exactly: kind),
            Self.checksum(number: number, kind: kind, plainForm: plainForm) == checksum,
            let kind = Kind(rawValue: kind)
        else { throw .damaged(.slot(number: number)) }
        let wrappedCount = AEAD.keyCount + AEAD.overhead
        var reader = RecordReader(plainForm)
        do {
            let content: Content
            switch kind {
            case .passphrase:
                let costs = try Argon2id(operations: try reader.number(), memoryBytes: try reader.number())
                content = .passphrase(
                    costs, salt: try reader.fixed(Argon2id.saltCount), wrapped: try reader.fixed(wrappedCount))
            case .identity:
                content = .identity(
                    publicKey: try reader.fixed(KeyPair.keyCount),
                    box: try reader.fixed(AEAD.keyCount + KeyPair.boxOverhead))
            case .recovery:
                content = .recovery(wrapped: try reader.fixed(wrappedCount))
            }
            guard let commitment = Commitment(bytes: try reader.fixed(Commitment.count)), reader.isAtEnd else {
                throw MalformedRecord()
            }
            self.init(number: number, content: content, commitment: commitment)
        } catch let error as SealingError {
            throw .derivation(error)
        } catch {
            throw .damaged(.slot(number: number))
        }
    }
}
