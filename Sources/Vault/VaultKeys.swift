internal import Sealing

/// The vault key and its subkeys, one for each purpose. Re-keying replaces all of them.
struct VaultKeys {
    let vaultKey: SecretBytes
    let records: SecretBytes
    let secrets: SecretBytes
    let rowIDs: SecretBytes
    let header: SecretBytes
    let freshness: SecretBytes
    let log: SecretBytes

    init(vaultKey: SecretBytes) {
        func derive(_ number: UInt64) -> SecretBytes { vaultKey.subkey(number, context: "rekeep-1") }
        self.vaultKey = vaultKey
        records = derive(1)
        secrets = derive(2)
        rowIDs = derive(3)
        header = derive(5)
        freshness = derive(6)
        log = derive(7)
    }

    static func random() -> VaultKeys { VaultKeys(vaultKey: .random(count: AEAD.keyCount)) }
}

/// The key that stays when the vault is re-keyed, and its subkeys: a retired secret is known for ever, and a machine
/// knows the vault again.
struct LastingKeys {
    let lastingKey: SecretBytes
    let fingerprints: SecretBytes
    let outside: SecretBytes
    let emergency: SecretBytes
    let journals: SecretBytes
    /// What only a holder of the vault knows; slots that can keep it show by it that they belong to this vault.
    let anchor: SecretBytes

    static func random() -> LastingKeys { LastingKeys(.random(count: AEAD.keyCount)) }

    private init(_ lastingKey: SecretBytes) {
        func derive(_ number: UInt64) -> SecretBytes { lastingKey.subkey(number, context: "rekeep-1") }
        self.lastingKey = lastingKey
        fingerprints = derive(4)
        outside = derive(8)
        anchor = derive(9)
        emergency = derive(10)
        journals = derive(11)
    }

    /// - Throws: `damaged(.header)`.
    init(opening sealed: [UInt8], with keys: VaultKeys, vault: [UInt8]) throws(VaultError) {
        guard
            let key = try? AEAD.openSecret(
                sealed, with: keys.header, binding: SealContext.of("rekeep lasting key", in: vault)),
            key.count == AEAD.keyCount
        else { throw .damaged(.header) }
        self.init(key)
    }

    func sealed(with keys: VaultKeys, vault: [UInt8]) -> [UInt8] {
        AEAD.seal(lastingKey, with: keys.header, binding: SealContext.of("rekeep lasting key", in: vault))
    }
}
