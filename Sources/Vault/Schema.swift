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
        let found: (count: Int64, text: [UInt8])
        do throws(VaultError) {
            found = try description(of: database)
        } catch .damaged(.file) {
            found = (0, [])
        }
        guard found.count != expected.count || found.text != expected.text else { return }
        throw database.saysVault ? .damaged(.file) : .notAVault(path: database.path)
    }

    /// True when the file says that it is a vault, after a journal was rolled back.
    static func hasApplicationID(_ database: Database) throws(VaultError) -> Bool {
        let identifier = try database.statement("PRAGMA application_id")
        defer { identifier.reset() }
        return try identifier.step() && (try? identifier.number(0)) == Database.applicationID
    }

    /// The rows of the schema by name, one value a line. No value of ours has a line break: with one in a stranger's there
    /// would be more lines than so many rows have.
    private static func description(of database: Database) throws(VaultError) -> (count: Int64, text: [UInt8]) {
        let rows = try database.statement(
            """
            SELECT count(*), group_concat(type || char(10) || name || char(10) || tbl_name || char(10) || ifnull(sql, ''), char(10))
            FROM (SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name)
            """)
        defer { rows.reset() }
        guard try rows.step(), let count = try? rows.number(0) else { throw .damaged(.file) }
        return (count, rows.text(1) ?? [])
    }

    private static let expected: (count: Int64, text: [UInt8]) = {
        var rows = tables.map { (name: $0.name, text: "table\n\($0.name)\n\($0.name)\n\($0.sql)") }
        // A primary key that is no row number has an index that SQLite makes by itself.
        rows += Table.allCases.map {
            let name = "sqlite_autoindex_\($0.name)_1"
            return (name, "index\n\(name)\n\($0.name)\n")
        }
        let text = rows.sorted { $0.name < $1.name }.map(\.text).joined(separator: "\n")
        return (Int64(rows.count), Array(text.utf8))
    }()
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
