internal import CSQLite
internal import CVaultVFS
internal import Glibc

/// The one door to SQLite: a connection with the settings that a vault needs, on a VFS that knows nothing but the
/// vault's file and its journal.
final class Database {
    /// As it was given, for messages.
    let path: String
    /// The same file by the path that no link leads to.
    let canonicalPath: String
    private let handle: OpaquePointer
    private let vfs: OpaquePointer
    private var schemaRows: OpaquePointer?
    private var statements: [(sql: String, statement: Statement)] = []
    /// False for a file that is still to become a vault.
    private var hasSchema: Bool
    private var isReadyToWrite = false
    /// How many steps one statement may take: more than any takes that reads everything once.
    private var steps: Int64 = 0
    /// The file's size in bytes when the transaction began: no more can be read without reading something twice.
    private(set) var size: Int64 = 0

    /// "rkep", so that `file` and SQLite's tools can tell what the file is.
    static let applicationID: Int64 = 0x726B_6570

    /// Opens an existing file.
    /// - Parameter isEmpty: the file is one that we have just made.
    /// - Throws: `notAccessible`, `foreignFile`, `writeAheadLog`.
    init(path: String, isEmpty: Bool = false) throws(VaultError) {
        self.path = path
        hasSchema = !isEmpty
        canonicalPath = try CanonicalPath.of(path)
        // SQLite keeps paths in places of 512 bytes.
        guard canonicalPath.utf8.count <= 500 else { throw .notAccessible(path: path, errno: ENAMETOOLONG) }
        guard let vfs = vault_vfs_make(canonicalPath) else { throw .notAccessible(path: path, errno: ENOMEM) }
        var opened: OpaquePointer?
        let status = vault_vfs_open(vfs, &opened)
        guard status == SQLITE_OK, let opened else {
            let cause = opened.map { sqlite3_system_errno($0) } ?? ENOMEM
            let refusal = Self.refusal(of: vfs, path: path)
            if sqlite3_close(opened) == SQLITE_OK { vault_vfs_free(vfs) }
            throw refusal ?? .notAccessible(path: path, errno: cause == 0 ? EIO : cause)
        }
        self.vfs = vfs
        handle = opened
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 20_000)
        sqlite_set_flag(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
        sqlite_set_flag(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        // A stranger's view or trigger could compute for ever in our hands.
        sqlite_set_flag(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0)
        sqlite_set_flag(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 4 << 20)
        // No statement of ours, and no table's text, is nearly as long; a stranger's would take long to read.
        sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, 10_000)
        sqlite3_limit(handle, SQLITE_LIMIT_COLUMN, 32)
    }

    /// What only writing needs, once, before the first write: a read is quicker without.
    private func prepareToWrite() throws(VaultError) {
        guard !isReadyToWrite else { return }
        // EXTRA also makes the deletion of the journal durable: a staged key must survive a power cut.
        try run("PRAGMA synchronous=EXTRA; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON")
        isReadyToWrite = true
    }

    deinit {
        statements.removeAll()
        sqlite3_finalize(schemaRows)
        // A statement that somebody still holds keeps the connection, and the connection its VFS.
        if sqlite3_close(handle) == SQLITE_OK { vault_vfs_free(vfs) }
    }

    /// A prepared statement, kept for the next use of the same text.
    func statement(_ sql: String) throws(VaultError) -> Statement {
        vault_vfs_allow_steps(vfs, steps)
        for kept in statements where kept.sql == sql {
            kept.statement.reset()
            return kept.statement
        }
        var prepared: OpaquePointer?
        let status = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard status == SQLITE_OK, let prepared else { throw error(status) }
        let statement = Statement(prepared, of: self)
        statements.append((sql, statement))
        return statement
    }

    func run(_ sql: String) throws(VaultError) {
        vault_vfs_allow_steps(vfs, max(steps, Self.fewSteps))
        let status = sqlite3_exec(handle, sql, nil, nil, nil)
        guard status == SQLITE_OK else { throw error(status) }
    }

    private static let fewSteps: Int64 = 10_000
    /// What a transaction adds to a small vault may be read in it.
    private static let smallest: Int64 = 16 << 20

    /// Runs `body` on one unchanging view of the file.
    func reading<Result>(_ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
        try transaction("BEGIN DEFERRED", body)
    }

    /// Looks at the whole schema before anything in it is used: a column, an index or a view of a stranger's would
    /// compute in our hands.
    /// - Throws: `damaged(.file)` when anything is more, less or different; `notAVault` when the file does not even say
    ///   that it is one.
    private func requireSchema() throws(VaultError) {
        vault_vfs_allow_steps(vfs, steps)
        let status = vault_schema_compare(handle, &schemaRows)
        guard status != SQLITE_OK else { return }
        let error = error(status)
        guard error == .damaged(.file) else { throw error }
        throw vault_vfs_says_vault(vfs) != 0 ? error : .notAVault(path: path)
    }

    /// Runs `body` as the only writer; everything is undone when it throws.
    func writing<Result>(_ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
        try prepareToWrite()
        return try transaction("BEGIN IMMEDIATE", body)
    }

    private func transaction<Result>(
        _ begin: String, _ body: () throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        try run(begin)
        do {
            if hasSchema {
                // The first statement also makes SQLite read the schema.
                steps = Self.fewSteps
                try requireSchema()
            }
            // A row takes more bytes than it takes steps to read.
            size = max(vault_vfs_size(vfs), Self.smallest)
            steps = size * 2 + Self.fewSteps * 10
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            // A failed COMMIT may have ended the transaction by itself; then there is nothing to undo.
            if sqlite3_get_autocommit(handle) == 0 { _ = sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
            throw error
        }
    }

    /// True when another file lies at the path by now.
    var hasMoved: Bool {
        var moved: Int32 = 0
        return sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0
    }

    /// Copies the whole content, as it is at one moment, over that of `other`.
    func copy(to other: Database) throws(VaultError) {
        try other.prepareToWrite()
        guard let backup = sqlite3_backup_init(other.handle, "main", handle, "main") else {
            throw other.error(sqlite3_errcode(other.handle))
        }
        // All pages in one step: a copy in several begins anew whenever somebody writes.
        var status: Int32
        var tries = 0
        repeat {
            status = sqlite3_backup_step(backup, -1)
            tries += 1
        } while (status == SQLITE_BUSY || status == SQLITE_LOCKED) && tries < 5 && sqlite3_sleep(100) > 0
        sqlite3_backup_finish(backup)
        guard status == SQLITE_DONE else { throw error(status) }
        other.hasSchema = true
    }

    /// Keeps every other process from reading and writing while `body` runs.
    func alone<Result>(_ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
        try transaction("BEGIN EXCLUSIVE", body)
    }

    /// Keeps more of what was read in memory (24 MiB): before very many rows are looked up all over the file.
    func keepMorePages() throws(VaultError) {
        try run("PRAGMA cache_size=-24576")
    }

    /// Looks at the file's structure, which a few reads do not see wholly.
    /// - Throws: `damaged(.file)`.
    func requireIntegrity() throws(VaultError) {
        let check = try statement("PRAGMA integrity_check(1)")
        guard try check.step(), check.text(0) == Array("ok".utf8) else { throw .damaged(.file) }
        check.reset()
    }

    func error(_ status: Int32) -> VaultError {
        if let refusal = Self.refusal(of: vfs, path: path) { return refusal }
        // Another file has taken this one's place.
        if status == SQLITE_READONLY | (4 << 8) { return .busy }
        if let cause = denial(status & 0xFF) { return .notAccessible(path: path, errno: cause) }
        return switch status & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED: .busy
        case SQLITE_FULL: .diskFull
        case SQLITE_NOTADB: .notAVault(path: path)
        case SQLITE_CORRUPT, SQLITE_TOOBIG, SQLITE_ERROR, SQLITE_SCHEMA, SQLITE_CONSTRAINT, SQLITE_INTERRUPT:
            .damaged(.file)
        default: .storage(code: status)
        }
    }

    /// Why the system did not let SQLite open, write or delete; nil when it was something else.
    private func denial(_ status: Int32) -> Int32? {
        guard [SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_IOERR].contains(status) else { return nil }
        let cause = sqlite3_system_errno(handle)
        // SQLite saw by itself that the file is not to be written.
        if status == SQLITE_READONLY, cause == 0 { return EACCES }
        return [EACCES, EPERM, EROFS].contains(cause) ? cause : nil
    }

    /// What the VFS refused, if it was that.
    private static func refusal(of vfs: OpaquePointer, path: String) -> VaultError? {
        let refusal = vault_vfs_take_refusal(vfs)
        let file = refusal.of_journal != 0 ? path + "-journal" : path
        return switch refusal.what {
        case VAULT_VFS_FINE: nil
        case VAULT_VFS_LINK: .foreignFile(path: file, .link)
        case VAULT_VFS_NOT_REGULAR: .foreignFile(path: file, .notRegular)
        case VAULT_VFS_NAMES: .foreignFile(path: file, .names(Int(refusal.detail)))
        case VAULT_VFS_OWNER: .foreignFile(path: file, .owner(refusal.detail))
        case VAULT_VFS_MODE: .foreignFile(path: file, .writableByOthers(mode: refusal.detail))
        case VAULT_VFS_SUPER_JOURNAL: .superJournal(path: path + "-journal")
        case VAULT_VFS_WAL: .writeAheadLog(path: path)
        default: .damaged(.file)
        }
    }
}
