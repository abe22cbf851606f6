internal import CLinux
public import Credentials
internal import Glibc
public import Sealing

/// An unlocked vault's key in the Linux kernel's user keyring: no daemon, nothing on disk, and gone when its
/// time is over. Every process of the same user can read it until then.
public struct Session: Sendable {
    private let name: String

    /// - Parameter vault: the vault's id.
    public init(vault: [UInt8]) {
        name = "rekeep:" + Hexadecimal.text(vault)
    }

    /// Whether there is a session, and until when.
    public enum State: Equatable, Sendable {
        case locked
        case unlocked(until: Timestamp)
        /// The kernel keeps no keys here; its errno.
        case refused(errno: Int32)
    }

    /// The key and, behind it, the end as seconds since 1970 and the slot's number.
    private static let payloadCount = AEAD.keyCount + 16

    /// Keeps the key for `span`. An earlier one is replaced.
    /// - Parameter slot: the number of the slot that opened the vault; nil where nobody knows.
    public func begin(with key: SecretBytes, slot: Int?, for span: Span, now: Timestamp) throws(KeyringError) {
        let payload = SecretBytes(count: Self.payloadCount) { payload in
            key.withBytes { payload.copyMemory(from: $0) }
            payload.storeBytes(of: (now + span).seconds.littleEndian, toByteOffset: AEAD.keyCount, as: Int64.self)
            payload.storeBytes(
                of: Int64(slot ?? -1).littleEndian, toByteOffset: AEAD.keyCount + 8, as: Int64.self)
        }
        let id = payload.withBytes { linux_add_user_key(name, $0.baseAddress, UInt($0.count)) }
        guard id >= 0 else { throw .kernel(errno: errno) }
        // The limit first: if the rest fails, nothing stays for ever.
        guard linux_expire_key(id, UInt32(clamping: span.seconds)) == 0, linux_share_key_with_user(id) == 0 else {
            let cause = errno
            linux_unlink_user_key(id)
            throw .kernel(errno: cause)
        }
    }

    /// The key and the slot's number; nil when there is no session, it has ended, or the kernel keeps none here.
    public func key(now: Timestamp) -> (key: SecretBytes, slot: Int?)? {
        guard case .unlocked = state(now: now), let payload = payload() else { return nil }
        let slot = payload.withBytes {
            Int(Int64(littleEndian: $0.loadUnaligned(fromByteOffset: AEAD.keyCount + 8, as: Int64.self)))
        }
        return (payload[0..<AEAD.keyCount], slot < 0 ? nil : slot)
    }

    /// Asks the kernel. A session whose time is over, but that the kernel still has, is ended.
    public func state(now: Timestamp) -> State {
        guard let payload = payload() else {
            switch errno {
            case ENOSYS, EPERM, EACCES: return .refused(errno: errno)
            default: return .locked
            }
        }
        let end = Timestamp(
            seconds: payload.withBytes {
                Int64(littleEndian: $0.loadUnaligned(fromByteOffset: AEAD.keyCount, as: Int64.self))
            })
        guard end > now else {
            // Whoever began it was killed before the kernel knew when to forget it.
            _ = try? self.end()
            return .locked
        }
        return .unlocked(until: end)
    }

    private func payload() -> SecretBytes? {
        let id = linux_find_user_key(name)
        guard id >= 0 else { return nil }
        var count = 0
        let payload = SecretBytes(count: Self.payloadCount) {
            count = linux_read_key(id, $0.baseAddress, UInt($0.count))
        }
        return count == Self.payloadCount ? payload : nil
    }

    /// Ends the session.
    /// - Returns: false when there was none.
    public func end() throws(KeyringError) -> Bool {
        let id = linux_find_user_key(name)
        guard id >= 0 else {
            switch errno {
            case ENOKEY, EKEYEXPIRED, EKEYREVOKED: return false
            case let cause: throw .kernel(errno: cause)
            }
        }
        guard linux_revoke_key(id) == 0 else { throw .kernel(errno: errno) }
        linux_unlink_user_key(id)
        return true
    }
}
