public import Sealing

/// One way to open a vault: the vault key, boxed to a public key whose secret half somebody has.
///
/// Whoever re-keys the vault can box the new key for every slot without asking anybody. The price would be that
/// anybody can box a key of their own; the anchor, which only a holder of the vault knows, shows that.
struct Slot {
    /// How the secret half is found.
    enum Lock: Equatable {
        case passphrase(Argon2id, salt: [UInt8])
        case identity
        case recovery
        case keyring

        var kind: SlotKind {
            switch self {
            case .passphrase: .passphrase
            case .identity: .identity
            case .recovery: .recovery
            case .keyring: .keyring
            }
        }
    }

    let number: Int
    let lock: Lock
    let publicKey: [UInt8]
    let box: [UInt8]
    /// The sealed anchor; nil in an identity slot, which is made from a public key alone.
    let anchorSeal: [UInt8]?
    let commitment: Commitment
}

/// How a new slot will be opened.
public enum SlotRequest: Sendable {
    case passphrase(SecretBytes, Argon2id)
    case identity(publicKey: [UInt8])
    case recovery(RecoveryCode)
    case keyring(KeyringKey)

    /// The kind that the new slot will have.
    public var kind: SlotKind {
        switch self {
        case .passphrase: .passphrase
        case .identity: .identity
        case .recovery: .recovery
        case .keyring: .keyring
        }
    }
}

/// What somebody brings to open a vault with.
public enum Opener: Sendable {
    case passphrase(SecretBytes)
    case identity(Identity)
    case recovery(RecoveryCode)
    case keyring(KeyringKey)
    /// The vault's key itself, from a session, and the number of the slot that had opened it; nil where nobody knows.
    case vaultKey(SecretBytes, slot: Int?)
}

/// What a slot gives to whoever opens it.
struct Unlocked {
    let vaultKey: SecretBytes
    /// The anchor that the slot was made with, and the slot's number; nil where none is kept.
    let anchor: (value: SecretBytes, slot: Int)?
    /// The number of the slot that was opened, now or when the session began.
    let slot: Int?
}

extension Slot {
    /// The work of finding its key: passes times bytes of memory. Nothing for what needs no slow derivation.
    var work: UInt64 {
        if case .passphrase(let costs, _) = lock { costs.work } else { 0 }
    }

    static let derivationCount = 8 + 8 + Argon2id.saltCount

    /// What a passphrase is turned into the slot's key with; nil for what is not opened by one.
    var derivation: [UInt8]? {
        guard case .passphrase(let costs, let salt) = lock else { return nil }
        var writer = RecordWriter()
        writer.put(costs, salt)
        return writer.bytes
    }

    /// The order in which slots are tried: whoever adds an expensive one makes nobody wait in front of the others.
    static func isCheaper(_ one: Slot, _ other: Slot) -> Bool {
        (one.work, one.number) < (other.work, other.number)
    }

    static func make(
        _ request: SlotRequest, number: Int, vaultKey: SecretBytes, anchor: SecretBytes, vault: [UInt8]
    ) throws(VaultError) -> Slot {
        let lock: Lock
        let key: SlotKey
        switch request {
        case .passphrase(let passphrase, let costs):
            let salt = Randomness.bytes(Argon2id.saltCount)
            lock = .passphrase(costs, salt: salt)
            key = try SlotKey(passphrase: passphrase, costs, salt)
        case .recovery(let code): (lock, key) = (.recovery, SlotKey(recovering: code))
        case .keyring(let keyringKey): (lock, key) = (.keyring, SlotKey(keyringKey.secret))
        case .identity(let publicKey):
            return try Slot(
                number: number, lock: .identity, publicKey: publicKey, anchorSeal: nil, vaultKey: vaultKey, vault: vault
            )
        }
        let anchorSeal = AEAD.seal(anchor, with: key.anchorKey, binding: binding(vault, number, lock.kind))
        return try Slot(
            number: number, lock: lock, publicKey: key.pair.publicKey, anchorSeal: anchorSeal, vaultKey: vaultKey,
            vault: vault)
    }

    /// The same slot around another vault key.
    func rewrapped(_ vaultKey: SecretBytes, vault: [UInt8]) throws(VaultError) -> Slot {
        try Slot(
            number: number, lock: lock, publicKey: publicKey, anchorSeal: anchorSeal, vaultKey: vaultKey, vault: vault)
    }

    private init(
        number: Int, lock: Lock, publicKey: [UInt8], anchorSeal: [UInt8]?, vaultKey: SecretBytes, vault: [UInt8]
    ) throws(VaultError) {
        do {
            self.init(
                number: number, lock: lock, publicKey: publicKey, box: try KeyPair.seal(vaultKey, to: publicKey),
                anchorSeal: anchorSeal, commitment: Commitment(to: vaultKey, context: vault))
        } catch {
            throw .derivation(error)
        }
    }

    /// What the slot holds; nil when the opener does not fit it.
    /// - Throws: `damaged(.slot)` when it fits but was changed, `damaged(.slotKey)` when it leads to a key that the
    ///   slot is not committed to.
    func open(
        with opener: Opener, vault: [UInt8], _ derivations: inout Derivations
    ) throws(VaultError) -> Unlocked? {
        let key: SlotKey
        switch (lock, opener) {
        case (.passphrase(let costs, let salt), .passphrase(let passphrase)):
            key = try derivations.key(for: passphrase, costs, salt)
        case (.recovery, .recovery(let code)): key = SlotKey(recovering: code)
        case (.keyring, .keyring(let keyringKey)): key = SlotKey(keyringKey.secret)
        case (.identity, .identity(let identity)):
            guard publicKey == identity.pair.publicKey else { return nil }
            return Unlocked(vaultKey: try vaultKey(for: identity.pair, vault), anchor: nil, slot: number)
        case (_, .vaultKey(let given, let opened)):
            // A session of before the vault was re-keyed fits no slot any more.
            guard Commitment(to: given, context: vault) == commitment else { return nil }
            return Unlocked(vaultKey: given, anchor: nil, slot: opened)
        case (.passphrase, _), (.identity, _), (.recovery, _), (.keyring, _): return nil
        }
        guard publicKey == key.pair.publicKey else { return nil }
        let vaultKey = try vaultKey(for: key.pair, vault)
        guard let anchorSeal,
            let anchor = try? AEAD.openSecret(
                anchorSeal, with: key.anchorKey, binding: Self.binding(vault, number, lock.kind))
        else { throw .damaged(.slot(number: number)) }
        return Unlocked(vaultKey: vaultKey, anchor: (anchor, number), slot: number)
    }

    private func vaultKey(for pair: KeyPair, _ vault: [UInt8]) throws(VaultError) -> SecretBytes {
        // The slot names this key pair, so a box that does not open has been changed.
        guard let key = try? pair.open(box) else { throw .damaged(.slot(number: number)) }
        guard key.count == AEAD.keyCount, Commitment(to: key, context: vault) == commitment else {
            throw .damaged(.slotKey(number: number))
        }
        return key
    }

    private static func binding(_ vault: [UInt8], _ number: Int, _ kind: SlotKind) -> [UInt8] {
        var context = SealContext.of("rekeep slot", in: vault)
        withUnsafeBytes(of: Int64(number).littleEndian) { context.append(contentsOf: $0) }
        context.append(kind.rawValue)
        return context
    }
}

extension RecordWriter {
    fileprivate mutating func put(_ costs: Argon2id, _ salt: [UInt8]) {
        put(number: costs.operations)
        put(number: costs.memoryBytes)
        put(fixed: salt)
    }
}

/// The slot keys that one opening has derived: slots with the same salt and costs are derived once.
struct Derivations {
    private var made: [(costs: Argon2id, salt: [UInt8], key: SlotKey)] = []

    mutating func key(for passphrase: SecretBytes, _ costs: Argon2id, _ salt: [UInt8]) throws(VaultError) -> SlotKey {
        if let known = made.first(where: { $0.costs == costs && $0.salt == salt }) { return known.key }
        let key = try SlotKey(passphrase: passphrase, costs, salt)
        made.append((costs, salt, key))
        return key
    }
}

extension SlotKey {
    init(passphrase: SecretBytes, _ costs: Argon2id, _ salt: [UInt8]) throws(VaultError) {
        do {
            self.init(try costs.key(for: passphrase, salt: salt))
        } catch {
            throw .derivation(error)
        }
    }
}

extension Slot {
    /// The content as it lies on disk.
    var plainForm: [UInt8] {
        var writer = RecordWriter()
        if case .passphrase(let costs, let salt) = lock { writer.put(costs, salt) }
        writer.put(fixed: publicKey)
        writer.put(fixed: box)
        if let anchorSeal { writer.put(fixed: anchorSeal) }
        writer.put(fixed: commitment.bytes)
        return writer.bytes
    }

    /// Shows accidental damage without any key.
    var checksum: [UInt8] { Self.checksum(number: number, kind: lock.kind.rawValue, plainForm: plainForm) }

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
            let kind = SlotKind(rawValue: kind)
        else { throw .damaged(.slot(number: number)) }
        do {
            var reader = RecordReader(plainForm)
            let lock: Lock =
                switch kind {
                case .passphrase:
                    .passphrase(
                        try Argon2id(operations: try reader.number(), memoryBytes: try reader.number()),
                        salt: try reader.fixed(Argon2id.saltCount))
                case .identity: .identity
                case .recovery: .recovery
                case .keyring: .keyring
                }
            let publicKey = try reader.fixed(KeyPair.keyCount)
            let box = try reader.fixed(AEAD.keyCount + KeyPair.boxOverhead)
            let anchorSeal = kind == .identity ? nil : try reader.fixed(AEAD.keyCount + AEAD.overhead)
            guard let commitment = Commitment(bytes: try reader.fixed(Commitment.count)), reader.isAtEnd else {
                throw MalformedRecord()
            }
            self.init(
                number: number, lock: lock, publicKey: publicKey, box: box, anchorSeal: anchorSeal,
                commitment: commitment)
        } catch let error as SealingError {
            throw .derivation(error)
        } catch {
            throw .damaged(.slot(number: number))
        }
    }
}
