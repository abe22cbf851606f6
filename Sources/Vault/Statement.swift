internal import CSQLite
internal import Sealing

/// A prepared statement. Columns count from 0, parameters from 1.
final class Statement {
    private let handle: OpaquePointer
    private unowned let database: Database

    init(_ handle: OpaquePointer, of database: Database) {
        self.handle = handle
        self.database = database
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
            throw database.error(status)
        }
    }

    /// Runs a statement that returns no rows.
    func run() throws(VaultError) {
        while try step() {}
    }

    /// - Throws: `WrongType` for a value that is not a whole number.
    func number(_ column: Int32) throws(WrongType) -> Int64 {
        guard sqlite3_column_type(handle, column) == SQLITE_INTEGER else { throw WrongType() }
        return sqlite3_column_int64(handle, column)
    }

    /// - Throws: `WrongType` for a value that is not a BLOB.
    func bytes(_ column: Int32) throws(WrongType) -> [UInt8] { Array(try blob(column)) }

    /// As `bytes`, not copied: until the next step.
    /// - Throws: `WrongType` for a value that is not a BLOB.
    func blob(_ column: Int32) throws(WrongType) -> UnsafeRawBufferPointer {
        guard sqlite3_column_type(handle, column) == SQLITE_BLOB else { throw WrongType() }
        return content(column)
    }

    /// - Throws: `WrongType` for a value that is no row's id.
    func rowID(_ column: Int32) throws(WrongType) -> RowID {
        guard let value = SixteenBytes(try blob(column)) else { throw WrongType() }
        return RowID(value)
    }

    /// The bytes of a text; nil for NULL and what is no text.
    func text(_ column: Int32) -> [UInt8]? {
        sqlite3_column_type(handle, column) == SQLITE_TEXT ? Array(content(column)) : nil
    }

    private func content(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }
}

/// A stored value has another type than its column. SQLite would convert it silently.
struct WrongType: Error {}
