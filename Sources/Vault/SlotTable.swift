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
            let slot = try Slot(
                number: Int(statement.number(0)), kind: statement.number(1), plainForm: statement.bytes(2),
                checksum: statement.bytes(3))
            // All slots of a vault lead to one key, and say so.
            if let first = slots.first, first.commitment != slot.commitment {
                throw .damaged(.slotKey(number: slot.number))
            }
            slots.append(slot)
        }
        guard !slots.isEmpty else { throw .damaged(.header) }
        return slots
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
            numbers.append(Int(statement.number(0)))
            writer.put(number: statement.number(0))
            writer.put(number: statement.number(1))
            writer.put(statement.bytes(2))
            writer.put(statement.bytes(3))
        }
        return (numbers, KeyedHash.checksum(writer.bytes))
    }

    private func rows() throws(VaultError) -> Statement {
        try database.statement("SELECT number, kind, content, checksum FROM slot ORDER BY number")
    }
}
