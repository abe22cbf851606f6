internal import CVaultVFS

/// The tables of a vault file. docs/format.md describes them for other readers.
enum Schema {
    /// The format that this code writes, and the newest that it reads.
    static let format = 1

    static func create(in database: Database) throws(VaultError) {
        try database.run("PRAGMA application_id=\(Database.applicationID)")
        var index: Int32 = 0
        while let text = vault_schema_text(index) {
            try database.run(String(cString: text))
            index += 1
        }
    }

    /// True when the file says that it is a vault, after a journal was rolled back.
    static func hasApplicationID(_ database: Database) throws(VaultError) -> Bool {
        let identifier = try database.statement("PRAGMA application_id")
        defer { identifier.reset() }
        return try identifier.step() && (try? identifier.number(0)) == Database.applicationID
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
    case attempt = 9
    case tree = 10

    /// One more than the largest number.
    static let count = 11

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
        case .attempt: "attempt"
        case .tree: "tree"
        }
    }
}
