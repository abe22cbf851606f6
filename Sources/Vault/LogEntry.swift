public import Credentials
internal import Sealing

/// One line of the audit log: who did what to which address, and how it ended. Never a secret.
public struct LogEntry: Hashable, Sendable {
    public let at: Timestamp
    /// The user id of the process.
    public let user: UInt32
    public let host: String
    /// The command's word, such as `rotate`.
    public let action: String
    /// An address, a deployment or a pattern; empty for the whole vault.
    public let subject: String
    /// How it ended, in a few words.
    public let outcome: String

    public init(at: Timestamp, user: UInt32, host: String, action: String, subject: String, outcome: String) {
        self.at = at
        self.user = user
        self.host = host
        self.action = action
        self.subject = subject
        self.outcome = outcome
    }
}

extension LogEntry {
    /// The sealed entry. It carries the checksum of the one before: entries cannot be dropped or reordered.
    func sealed(number: Int64, after head: [UInt8], key: SecretBytes, vault: [UInt8]) -> [UInt8] {
        var writer = RecordWriter()
        writer.put(UInt8(1))
        writer.put(fixed: head)
        writer.put(at)
        writer.put(number: user)
        writer.put(host)
        writer.put(action)
        writer.put(subject)
        writer.put(outcome)
        return AEAD.seal(writer.bytes, with: key, binding: Self.binding(vault, number))
    }

    /// - Throws: `damaged(.log)` when the entry does not fit its seal, its number or the one before it.
    init(opening sealed: [UInt8], number: Int64, after head: [UInt8], key: SecretBytes, vault: [UInt8])
        throws(VaultError)
    {
        do {
            var reader = RecordReader(try AEAD.open(sealed, with: key, binding: Self.binding(vault, number)))
            guard try reader.byte() == 1, try reader.fixed(32) == head else { throw MalformedRecord() }
            self.init(
                at: try reader.time(), user: try reader.number(), host: try reader.text(),
                action: try reader.text(), subject: try reader.text(), outcome: try reader.text())
            guard reader.isAtEnd else { throw MalformedRecord() }
        } catch {
            throw .damaged(.log(entry: number))
        }
    }

    private static func binding(_ vault: [UInt8], _ number: Int64) -> [UInt8] {
        var place = Place.of("rekeep log", in: vault)
        withUnsafeBytes(of: number.littleEndian) { place.append(contentsOf: $0) }
        return place
    }
}
