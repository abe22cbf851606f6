@testable import Vault

extension Scratch {
    func sealedLength(_ table: String) throws -> Int {
        let statement = try Database(path: path).statement("SELECT length(sealed) FROM \(table) LIMIT 1")
        _ = try statement.step()
        return Int(try statement.number(0))
    }

    /// Flips one bit of the byte at `position`, counted from 1, in the table's first row.
    func flip(_ table: String, _ column: String, at position: Int) throws {
        let database = try Database(path: path)
        let read = try database.statement("SELECT rowid, \(column) FROM \(table) LIMIT 1")
        _ = try read.step()
        let row = try read.number(0)
        var bytes = try read.bytes(1)
        read.reset()
        bytes[position - 1] ^= 1
        try database.statement("UPDATE \(table) SET \(column) = ?1 WHERE rowid = ?2").bind(1, bytes).bind(2, row).run()
    }
}
