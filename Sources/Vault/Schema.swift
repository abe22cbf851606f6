/// The tables of a vault file. docs/format.md describes them for other readers.
enum Schema {
    /// The format that this code writes, and the newest that it reads.
    static let format = 1

    /// Each table with the text that makes it. SQLite keeps these texts in the file, and a vault is one only as long as
    /// they are there to the letter.
    private static let tables: [(name: String, sql: String)] =
        [
            (
                "vault",
                "CREATE TABLE vault(id INTEGER PRIMARY KEY CHECK(id=1), vault_id BLOB NOT NULL, format INTEGER NOT NULL, lasting BLOB NOT NULL, header BLOB NOT NULL, checksum BLOB NOT NULL)"
            ),
            (
                "slot",
                "CREATE TABLE slot(number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, content BLOB NOT NULL, checksum BLOB NOT NULL)"
            ),
            ("log", "CREATE TABLE log(number INTEGER PRIMARY KEY, sealed BLOB NOT NULL)"),
        ]
        + Table.allCases.map {
            (
                $0.name,
                "CREATE TABLE \($0.name)(id BLOB PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL)"
            )
        }

    static func create(in database: Database) throws(VaultError) {
        try database.run("PRAGMA application_id=\(Database.applicationID)")
        for (_, sql) in tables { try database.run(sql) }
    }

    /// Looks at the whole schema before anything in it is used: a column, an index or a view of a stranger's would
    /// compute in our hands.
    /// - Throws: `damaged(.file)` when anything is more, less or different; `notAVault` when the file does not even say
    ///   that it is one.
    static func require(in database: Database) throws(VaultError) {
        let isVault: Bool
        do throws(VaultError) {
            isVault = try hasExactly(expectedRows, database)
        } catch .damaged(.file) {
            isVault = false
        }
        guard !isVault else { return }
        throw database.saysVault ? .damaged(.file) : .notAVault(path: database.path)
    }

    private static func hasExactly(_ expected: [SchemaRow], _ database: Database) throws(VaultError) -> Bool {
        let rows = try database.statement("SELECT type, name, tbl_name, sql FROM sqlite_schema")
        defer { rows.reset() }
        var missing = expected[...]
        while try rows.step() {
            let row = SchemaRow(type: rows.text(0), name: rows.text(1), table: rows.text(2), sql: rows.text(3))
            // In the order in which they were made, but for a file that another implementation wrote.
            if row == missing.first {
                missing.removeFirst()
            } else if let place = missing.firstIndex(of: row) {
                missing.remove(at: place)
            } else {
                return false
            }
        }
        return missing.isEmpty
    }

    private struct SchemaRow: Equatable {
        let type: [UInt8]?
        let name: [UInt8]?
        let table: [UInt8]?
        let sql: [UInt8]?
    }

    private static let expectedRows: [SchemaRow] =
        tables.flatMap { name, sql in
            let table = SchemaRow(
                type: Array("table".utf8), name: Array(name.utf8), table: Array(name.utf8), sql: Array(sql.utf8))
            // A primary key that is no row number has an index that SQLite makes by itself.
            guard Table.allCases.contains(where: { $0.name == name }) else { return [table] }
            return [
                table,
                SchemaRow(
                    type: Array("index".utf8), name: Array("sqlite_autoindex_\(name)_1".utf8),
                    table: Array(name.utf8), sql: nil),
            ]
        }
}

/// A table of sealed records. The number goes into every seal: a record cannot be moved to another table.
enum Table: UInt8, CaseIterable {
    case credential = 1
    case address = 2
    case deployment = 3
    case secret = 4
    case fingerprint = 5
    case rotation = 6
    case policy = 7
    case control = 8
    case tree = 9

    /// One more than the largest number.
    static let count = 10

    /// What a row that cannot be read is called.
    var damageOfRow: Damage {
        switch self {
        case .secret: .secret
        case .tree: .freshness(table: name)
        default: .record(table: name)
        }
    }

    var name: String {
        switch self {
        case .credential: "credential"
        case .address: "address"
        case .deployment: "deployment"
        case .secret: "secret"
        case .fingerprint: "fingerprint"
        case .rotation: "rotation"
        case .policy: "policy"
        case .control: "control"
        case .tree: "tree"
        }
    }
}
