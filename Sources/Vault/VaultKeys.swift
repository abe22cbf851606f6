internal import Sealing

/// The subkeys of one vault key, one for each purpose.
struct VaultKeys {
    let records: SecretBytes
    let secrets: SecretBytes
    let rowIDs: SecretBytes
    let fingerprints: SecretBytes
    let header: SecretBytes
    let freshness: SecretBytes
    let log: SecretBytes
    let lastSeen: SecretBytes

    init(vaultKey: SecretBytes) {
        func derive(_ number: UInt64) -> SecretBytes { vaultKey.subkey(number, context: "rekeep-1") }
        records = derive(1)
        secrets = derive(2)
        rowIDs = derive(3)
        fingerprints = derive(4)
        header = derive(5)
        freshness = derive(6)
        log = derive(7)
        lastSeen = derive(8)
    }
}
