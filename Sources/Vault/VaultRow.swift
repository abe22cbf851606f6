internal import Sealing

/// The row that stands in front of everything: the vault's id, its format, and what only the vault key opens.
struct VaultRow {
    let vault: [UInt8]
    let format: Int64
    /// The sealed lasting key.
    let lasting: [UInt8]
    /// The sealed header.
    let header: [UInt8]

    init(vault: [UInt8], format: Int64 = Int64(Schema.format), lasting: [UInt8], header: [UInt8]) {
        self.vault = vault
        self.format = format
        self.lasting = lasting
        self.header = header
    }

    /// - Throws: `damaged(.header)` when the row is missing, malformed or does not fit its checksum.
    init(reading database: Database) throws(VaultError) {
        let statement = try database.statement(
            "SELECT vault_id, format, lasting, header, checksum, id FROM vault")
        guard try statement.step() else { throw .damaged(.header) }
        let stored: [UInt8]
        do throws(WrongType) {
            vault = try statement.bytes(0)
            format = try statement.number(1)
            lasting = try statement.bytes(2)
            header = try statement.bytes(3)
            stored = try statement.bytes(4)
            guard try statement.number(5) == 1 else { throw WrongType() }
        } catch {
            throw .damaged(.header)
        }
        guard try !statement.step() else { throw .damaged(.header) }
        guard vault.count == 16, checksum == stored else { throw .damaged(.header) }
    }

    func write(to database: Database) throws(VaultError) {
        try database.statement(
            "INSERT OR REPLACE INTO vault(id, vault_id, format, lasting, header, checksum) VALUES(1, ?1, ?2, ?3, ?4, ?5)"
        )
        .bind(1, vault).bind(2, format).bind(3, lasting).bind(4, header).bind(5, checksum).run()
    }

    /// Shows accidental damage without any key.
    private var checksum: [UInt8] {
        var writer = RecordWriter()
        writer.put(vault)
        writer.put(number: format)
        writer.put(lasting)
        writer.put(header)
        return KeyedHash.checksum(writer.bytes)
    }
}
