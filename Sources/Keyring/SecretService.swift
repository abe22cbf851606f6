internal import CLibsecret
internal import Glibc
public import Sealing

/// The desktop's keyring, asked through libsecret: it keeps the key of a keyring slot, as hexadecimal text under the
/// vault's id and the slot's public key.
///
/// A service that waits for a person at a prompt is given three seconds, so that a cron job never hangs.
public struct SecretService: Sendable {
    private let vault: String
    private let slot: String
    private static let patience: UInt32 = 3000

    /// - Parameters: the vault's id and the slot's public key.
    public init(vault: [UInt8], slot: [UInt8]) {
        self.vault = Hexadecimal.text(vault)
        self.slot = Hexadecimal.text(slot)
    }

    /// The slot's key, 32 bytes; nil when the keyring has none.
    /// - Throws: `testBackEnd`, `noBus`, `noLibrary`, `locked`, `timedOut`, `service`.
    public func key() throws(KeyringError) -> SecretBytes? {
        try Self.requireRealService()
        var count = 2 * AEAD.keyCount
        var result = KEYRING_FAILED
        let text = SecretBytes(count: count) { text in
            result = keyring_find(
                vault, slot, Self.patience, text.baseAddress?.assumingMemoryBound(to: CChar.self), &count)
        }
        if result == KEYRING_NOT_FOUND { return nil }
        try Self.require(result)
        guard count == 2 * AEAD.keyCount else { return nil }
        return Self.key(from: text)
    }

    /// Keeps the slot's key.
    /// - Throws: as `key()`.
    public func keep(_ key: SecretBytes) throws(KeyringError) {
        try Self.requireRealService()
        let text = SecretBytes(count: 2 * key.count) { text in
            key.withBytes { bytes in
                for (index, byte) in bytes.enumerated() {
                    text[2 * index] = Hexadecimal.digit(byte >> 4)
                    text[2 * index + 1] = Hexadecimal.digit(byte & 15)
                }
            }
        }
        let result = text.withCString {
            keyring_store(vault, slot, "Rekeep vault " + vault.prefix(8), $0, text.count, Self.patience)
        }
        try Self.require(result)
    }

    /// Forgets the slot's key.
    /// - Returns: false when the keyring had none.
    /// - Throws: as `key()`.
    public func forget() throws(KeyringError) -> Bool {
        try Self.requireRealService()
        let result = keyring_remove(vault, slot, Self.patience)
        if result == KEYRING_NOT_FOUND { return false }
        try Self.require(result)
        return true
    }

    private static func require(_ result: keyring_result) throws(KeyringError) {
        switch result {
        case KEYRING_DONE: return
        case KEYRING_LOCKED: throw .locked
        case KEYRING_TIMED_OUT: throw .timedOut
        case KEYRING_NO_LIBRARY: throw .noLibrary
        default: throw .service
        }
    }

    /// libsecret lets variables send it to a file or another service, for its own tests. And without a bus it would try
    /// to start one.
    private static func requireRealService() throws(KeyringError) {
        for name in [
            "SECRET_BACKEND", "SECRET_FILE_TEST_PATH", "SECRET_FILE_TEST_PASSWORD", "SECRET_SERVICE_BUS_NAME",
        ] where getenv(name) != nil {
            throw .testBackEnd(variable: name)
        }
        if let address = getenv("DBUS_SESSION_BUS_ADDRESS"), address.pointee != 0 { return }
        guard let runtime = getenv("XDG_RUNTIME_DIR"), access(String(cString: runtime) + "/bus", F_OK) == 0 else {
            throw .noBus
        }
    }

    private static func key(from text: SecretBytes) -> SecretBytes? {
        var isValid = true
        let key = SecretBytes(count: text.count / 2) { key in
            text.withBytes { text in
                for index in key.indices {
                    guard let high = Hexadecimal.value(of: text[2 * index]),
                        let low = Hexadecimal.value(of: text[2 * index + 1])
                    else {
                        isValid = false
                        return
                    }
                    key[index] = high << 4 | low
                }
            }
        }
        return isValid ? key : nil
    }
}
