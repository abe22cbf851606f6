internal import Credentials
internal import Sealing

/// The sealed summary of the whole vault: it grows by one generation with every write, and everything
/// else hangs from it.
struct Header: Equatable {
    /// What is known of one table: the number of its rows and the root of its freshness tree.
    struct TableSummary: Equatable {
        var rows: UInt64 = 0
        var root: Element = .zero
    }

    /// What people call a slot, and since when it has been there.
    struct SlotLabel: Equatable {
        let number: Int
        let name: SlotName
        let addedAt: Timestamp
    }

    var generation: UInt64
    let createdAt: Timestamp
    private var tables = [TableSummary](repeating: TableSummary(), count: Table.count)
    var logCount: Int64 = 0
    /// The checksum of the last log entry as it lies on disk.
    var logHead = [UInt8](repeating: 0, count: KeyedHash.checksumCount)
    /// The mark of the last log entry.
    var logMark = [UInt8](repeating: 0, count: LogRecord.markCount)
    /// One for each slot, in the order of their numbers.
    var slots: [SlotLabel]

    subscript(table: Table) -> TableSummary {
        get { tables[Int(table.rawValue)] }
        set { tables[Int(table.rawValue)] = newValue }
    }

    init(generation: UInt64, createdAt: Timestamp, slots: [SlotLabel]) {
        self.generation = generation
        self.createdAt = createdAt
        self.slots = slots
    }

    /// The header of the same vault before anything is in it.
    var emptied: Header { Header(generation: generation, createdAt: createdAt, slots: slots) }

    var plainForm: [UInt8] {
        var writer = RecordWriter()
        writer.put(UInt8(1))
        writer.put(number: generation)
        writer.put(createdAt)
        writer.put(number: logCount)
        writer.put(fixed: logHead)
        writer.put(fixed: logMark)
        writer.put(list: Table.allCases.filter { self[$0] != TableSummary() }) {
            $0.put($1.rawValue)
            $0.put(number: self[$1].rows)
            $0.put(fixed: self[$1].root.bytes)
        }
        writer.put(list: slots) {
            $0.put($1.number)
            $0.put($1.name.description)
            $0.put($1.addedAt)
        }
        return writer.bytes
    }

    init(plainForm: [UInt8]) throws(MalformedRecord) {
        var reader = RecordReader(plainForm)
        guard try reader.byte() == 1 else { throw MalformedRecord() }
        generation = try reader.number()
        createdAt = try reader.time()
        logCount = try reader.number()
        logHead = try reader.fixed(KeyedHash.checksumCount)
        logMark = try reader.fixed(LogRecord.markCount)
        slots = []
        var last: UInt8 = 0
        for _ in 0..<(try reader.number(UInt32.self)) {
            let number = try reader.byte()
            guard number > last, let table = Table(rawValue: number), table != .tree else { throw MalformedRecord() }
            self[table] = TableSummary(
                rows: try reader.number(), root: Element(bytes: try reader.fixed(Element.count)))
            guard self[table] != TableSummary() else { throw MalformedRecord() }
            last = number
        }
        slots = try reader.list { reader throws(MalformedRecord) in
            let number = try reader.integer()
            guard let name = SlotName(try reader.text()) else { throw MalformedRecord() }
            return SlotLabel(number: number, name: name, addedAt: try reader.time())
        }
        guard Set(slots.map(\.name)).count == slots.count else { throw MalformedRecord() }
        guard reader.isAtEnd else { throw MalformedRecord() }
    }

    func sealed(with key: SecretBytes, vault: [UInt8], slots: [UInt8]) -> [UInt8] {
        AEAD.seal(plainForm, with: key, binding: Self.binding(vault, slots))
    }

    init(opening sealed: [UInt8], with key: SecretBytes, vault: [UInt8], slots: [UInt8]) throws(VaultError) {
        do {
            try self.init(plainForm: AEAD.open(sealed, with: key, binding: Self.binding(vault, slots)))
        } catch {
            throw .damaged(.header)
        }
    }

    /// - Parameter slots: the checksum of all slots, so that none can be changed, swapped or dropped unseen.
    private static func binding(_ vault: [UInt8], _ slots: [UInt8]) -> [UInt8] {
        SealContext.of("rekeep header", in: vault) + slots
    }
}
