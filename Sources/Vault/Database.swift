internal import CSQLite
internal import Glibc

/// The one door to SQLite: a connection with the settings that a vault needs.
final class Database {
    let path: String
    private let handle: OpaquePointer
    private var statements: [(sql: String, statement: Statement)] = []

    private var isReadyToWrite = false

    /// "rkep", so that `file` and SQLite's tools can tell what the file is.
    static let applicationID: Int64 = 0x726B_6570

    /// Opens an existing file.
    init(path: String) throws(VaultError) {
        var opened: OpaquePointer?
        // A linked directory is the user's arrangement; a link in the vault's own place is somebody's trick.
        let status = sqlite3_open_v2(
            Self.resolvingDirectory(of: path), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, nil)
        guard status == SQLITE_OK, let opened else {
            let cause = opened.map { sqlite3_system_errno($0) } ?? ENOMEM
            sqlite3_close_v2(opened)
            throw .notAccessible(path: path, errno: cause == 0 ? ELOOP : cause)
        }
        self.path = path
        handle = opened
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 20_000)
        sqlite_set_flag(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
        sqlite_set_flag(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        // A stranger's view or trigger could compute for ever in our hands.
        sqlite_set_flag(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0)
        sqlite_set_flag(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 4 << 20)
    }

    /// What only writing needs, once, before the first write: a read is quicker without.
    private func prepareToWrite() throws(VaultError) {
        guard !isReadyToWrite else { return }
        // EXTRA also makes the deletion of the journal durable: a staged key must survive a power cut.
        try run("PRAGMA synchronous=EXTRA; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON")
        isReadyToWrite = true
    }

    private static func resolvingDirectory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), let resolved = realpath(String(path[...slash]), nil) else {
            return path
        }
        defer { free(resolved) }
        return String(cString: resolved) + "/" + path[path.index(after: slash)...]
    }

    deinit {
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    /// A prepared statement, kept for the next use of the same text.
    func statement(_ sql: String) throws(VaultError) -> Statement {
        for kept in statements where kept.sql == sql {
            kept.statement.reset()
            return kept.statement
        }
        var prepared: OpaquePointer?
        let status = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard status == SQLITE_OK, let prepared else { throw Self.error(status) }
        let statement = Statement(prepared)
        statements.append((sql, statement))
        return statement
    }

    func run(_ sql: String) throws(VaultError) {
        let status = sqlite3_exec(handle, sql, nil, nil, nil)
        guard status == SQLITE_OK else { throw Self.error(status) }
    }

    /// Runs `body` on one unchanging view of the file.
    func reading<Result>(_ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
        try transaction("BEGIN DEFERRED", body)
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
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            // A failed COMMIT may have ended the transaction by itself; then there is nothing to undo.
            if sqlite3_get_autocommit(handle) == 0 { _ = sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
            throw error
        }
    }

    /// Copies the whole content, as it is at one moment, over that of `other`.
    func copy(to other: Database) throws(VaultError) {
        try other.prepareToWrite()
        guard let backup = sqlite3_backup_init(other.handle, "main", handle, "main") else {
            throw Self.error(sqlite3_errcode(other.handle))
        }
        // All pages in one step: a copy in several begins anew whenever somebody writes.
        var status: Int32
        var tries = 0
        repeat {
            status = sqlite3_backup_step(backup, -1)
            tries += 1
        } while (status == SQLITE_BUSY || status == SQLITE_LOCKED) && tries < 200 && sqlite3_sleep(100) > 0
        sqlite3_backup_finish(backup)
        guard status == SQLITE_DONE else { throw Self.error(status) }
    }

    /// Keeps every other process from reading and writing while `body` runs.
    func alone<Result>(_ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
        try transaction("BEGIN EXCLUSIVE", body)
    }

    /// Looks at the file's structure, which a few reads do not see wholly.
    /// - Throws: `damaged(.file)`; also for a view or a trigger, which no vault has.
    func requireIntegrity() throws(VaultError) {
        let check = try statement("PRAGMA integrity_check(1)")
        guard try check.step(), check.bytes(0) == Array("ok".utf8) else { throw .damaged(.file) }
        check.reset()
        let others = try statement("SELECT count(*) FROM sqlite_schema WHERE rootpage = 0")
        guard try others.step(), others.number(0) == 0 else { throw .damaged(.file) }
        others.reset()
    }

    static func error(_ status: Int32) -> VaultError {
        // Another file has taken this one's place.
        if status == SQLITE_READONLY | (4 << 8) { return .busy }
        return switch status & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED: .busy
        case SQLITE_FULL: .diskFull
        case SQLITE_NOTADB: .notAVault(path: "")
        case SQLITE_CORRUPT, SQLITE_TOOBIG, SQLITE_ERROR, SQLITE_SCHEMA, SQLITE_CONSTRAINT:
            .damaged(.file)
        default: .storage(code: status)
        }
    }
}

/// A prepared statement. Columns count from 0, parameters from 1.
final class Statement {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        sqlite3_finalize(handle)
    }

    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    @discardableResult
    func bind(_ index: Int32, _ bytes: [UInt8]) -> Statement {
        _ = sqlite_bind_copy(handle, index, bytes, Int32(bytes.count))
        return self
    }

    @discardableResult
    func bind(_ index: Int32, _ number: Int64) -> Statement {
        sqlite3_bind_int64(handle, index, number)
        return self
    }

    /// True when there is a row to read.
    func step() throws(VaultError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        case let status:
            sqlite3_reset(handle)
            throw Database.error(status)
        }
    }

    /// Runs a statement that returns no rows.
    func run() throws(VaultError) {
        while try step() {}
    }

    func number(_ column: Int32) -> Int64 {
        sqlite3_column_int64(handle, column)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }
}
