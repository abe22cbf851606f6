/// The tables of a vault file. docs/format.md describes them for other readers.
enum Schema {
    /// The format that this code writes, and the newest that it reads.
    static let format = 1

    static func create(in database: Database) throws(VaultError) {
        try database.run("PRAGMA application_id=\(Database.applicationID)")
        try database.run(
            """
            CREATE TABLE vault(id INTEGER PRIMARY KEY CHECK(id=1), vault_id BLOB NOT NULL, format INTEGER NOT NULL,
                lasting BLOB NOT NULL, header BLOB NOT NULL, checksum BLOB NOT NULL);
            CREATE TABLE slot(number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, content BLOB NOT NULL,
                checksum BLOB NOT NULL);
            CREATE TABLE log(number INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
            """)
        for table in Table.allCases {
            try database.run(
                "CREATE TABLE \(table.name)(id BLOB PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL)")
        }
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
