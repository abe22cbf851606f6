internal import Sealing

/// The slots as they lie on disk.
struct SlotTable {
    private let database: Database
    static let most = 64

    init(_ database: Database) {
        self.database = database
    }

    /// All slots in the order of their numbers.
    /// - Throws: `damaged`, `derivation` (costs out of range).
    func read() throws(VaultError) -> [Slot] {
        var slots: [Slot] = []
        let statement = try rows()
        while try statement.step() {
            guard slots.count < Self.most else { throw .damaged(.header) }
            let row = try Self.row(from: statement)
            let slot = try Slot(
                number: row.number, kind: row.kind, plainForm: row.content, checksum: row.checksum)
            // All slots of a vault lead to one key, and say so.
            if let first = slots.first, first.commitment != slot.commitment {
                throw .damaged(.slotKey(number: slot.number))
            }
            slots.append(slot)
            // One opening may have to try them all.
            try Self.requireBearable(slots)
        }
        guard !slots.isEmpty else { throw .damaged(.header) }
        return slots
    }

    /// Makes sure that trying all slots takes no more work than the one that asks for the most.
    /// - Throws: `derivation(.workOutOfRange)`.
    static func requireBearable(_ slots: [Slot]) throws(VaultError) {
        // Each is within its own range, so that 64 of them do not overflow.
        guard slots.reduce(0, { $0 + $1.work }) <= Argon2id.mostWork else { throw .derivation(.workOutOfRange) }
    }

    /// Adds a slot, or replaces the one that has its number.
    func put(_ slot: Slot) throws(VaultError) {
        try database.statement("INSERT OR REPLACE INTO slot(number, kind, content, checksum) VALUES(?1, ?2, ?3, ?4)")
            .bind(1, Int64(slot.number)).bind(2, Int64(slot.lock.kind.rawValue)).bind(3, slot.plainForm)
            .bind(4, slot.checksum).run()
    }

    func remove(_ number: Int) throws(VaultError) {
        try database.statement("DELETE FROM slot WHERE number = ?1").bind(1, Int64(number)).run()
    }

    /// All numbers, and the checksum over all rows, which the header's seal binds.
    func summary() throws(VaultError) -> (numbers: [Int], checksum: [UInt8]) {
        var numbers: [Int] = []
        var writer = RecordWriter()
        let statement = try rows()
        while try statement.step() {
            guard numbers.count < Self.most else { throw .damaged(.header) }
            let row = try Self.row(from: statement)
            numbers.append(row.number)
            writer.put(row.number)
            writer.put(number: row.kind)
            writer.put(row.content)
            writer.put(row.checksum)
        }
        return (numbers, KeyedHash.checksum(writer.bytes))
    }

    private static func row(
        from statement: Statement
    ) throws(VaultError) -> (number: Int, kind: Int64, content: [UInt8], checksum: [UInt8]) {
        guard let number = try? Int(statement.number(0)) else { throw .damaged(.header) }
        do throws(WrongType) {
            return (number, try statement.number(1), try statement.bytes(2), try statement.bytes(3))
        } catch {
            throw .damaged(.slot(number: number))
        }
    }

    private func rows() throws(VaultError) -> Statement {
        try database.statement("SELECT number, kind, content, checksum FROM slot ORDER BY number")
    }
}
