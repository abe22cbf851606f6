public import Credentials
internal import Sealing

/// One line of the audit log: who did what to which address, and how it ended. Never a secret.
public struct LogEntry: Hashable, Sendable {
    /// By the clock of the machine that wrote the entry.
    public let at: Timestamp
    /// The user id of the process.
    public let user: UInt32
    /// The machine's name for itself, as gethostname(2) gives it.
    public let host: String
    /// The name of the slot that opened the vault for it: many people may be one user id. Empty when that is not known; a
    /// new entry gets it when it is stored.
    public internal(set) var slot = ""
    /// What was done, as the command is called.
    public let action: LogAction
    /// An address, a deployment or a pattern; empty for the whole vault.
    public let subject: String
    /// How it ended, or the other thing that it was about.
    public let outcome: LogOutcome

    /// A new one, or one as it was stored.
    public init(at: Timestamp, user: UInt32, host: String, action: LogAction, subject: String, outcome: LogOutcome) {
        self.at = at
        self.user = user
        self.host = host
        self.action = action
        self.subject = subject
        self.outcome = outcome
    }
}

/// An entry as it is sealed: it carries the checksum of the one before, so that none can be dropped or reordered.
struct LogRecord {
    static let markCount = 16

    let entry: LogEntry
    /// The generation that it came with.
    let generation: UInt64
    /// What tells it from an entry of another copy of the vault, also when the vault is re-keyed.
    let mark: [UInt8]

    init(_ entry: LogEntry, generation: UInt64) {
        self.entry = entry
        self.generation = generation
        mark = Randomness.bytes(Self.markCount)
    }

    func sealed(number: Int64, after head: [UInt8], key: SecretBytes, vault: [UInt8]) -> [UInt8] {
        var writer = RecordWriter()
        writer.put(UInt8(1))
        writer.put(fixed: head)
        writer.put(fixed: mark)
        writer.put(number: generation)
        writer.put(entry.at)
        writer.put(number: entry.user)
        writer.put(entry.host)
        writer.put(entry.slot)
        writer.put(entry.action.rawValue)
        writer.put(entry.subject)
        entry.outcome.write(to: &writer)
        return AEAD.seal(writer.bytes, with: key, binding: Self.binding(vault, number))
    }

    /// - Parameter head: the checksum of the entry before; nil when it is not known.
    /// - Throws: `damaged(.log)` when the entry does not fit its seal, its number or the one before it.
    init(opening sealed: [UInt8], number: Int64, after head: [UInt8]?, key: SecretBytes, vault: [UInt8])
        throws(VaultError)
    {
        do {
            var reader = RecordReader(try AEAD.open(sealed, with: key, binding: Self.binding(vault, number)))
            guard try reader.byte() == 1 else { throw MalformedRecord() }
            let previous = try reader.fixed(KeyedHash.checksumCount)
            guard head == nil || head == previous else { throw MalformedRecord() }
            mark = try reader.fixed(Self.markCount)
            generation = try reader.number()
            let (time, user, host) = (try reader.time(), try reader.number(UInt32.self), try reader.text())
            let slot = try reader.text()
            guard let action = LogAction(rawValue: try reader.byte()) else { throw MalformedRecord() }
            var entry = LogEntry(
                at: time, user: user, host: host, action: action, subject: try reader.text(),
                outcome: try LogOutcome(reading: &reader))
            entry.slot = slot
            self.entry = entry
            guard reader.isAtEnd else { throw MalformedRecord() }
        } catch {
            throw .damaged(.log(entry: number))
        }
    }

    private static func binding(_ vault: [UInt8], _ number: Int64) -> [UInt8] {
        var context = SealContext.of("rekeep log", in: vault)
        withUnsafeBytes(of: number.littleEndian) { context.append(contentsOf: $0) }
        return context
    }
}
