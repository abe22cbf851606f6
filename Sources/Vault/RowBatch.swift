/// Copies of some rows of a table, one behind the other, for another thread to open.
struct RowBatch: Sendable {
    struct Row: Sendable {
        let id: RowID
        let revision: UInt64
        fileprivate let range: Range<Int>
    }

    private(set) var rows: [Row] = []
    private var bytes: [UInt8] = []
    private static let most = 256 * 1024

    var isFull: Bool { bytes.count >= Self.most || rows.count >= Self.most / 64 }

    mutating func append(_ sealed: UnsafeRawBufferPointer, id: RowID, revision: UInt64) {
        rows.append(Row(id: id, revision: revision, range: bytes.count..<bytes.count + sealed.count))
        bytes.append(contentsOf: sealed)
    }

    /// Keeps the memory.
    mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Lends each row, in order, with what is sealed in it.
    func forEach(_ body: (Row, UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeBytes { bytes in
            for row in rows { body(row, UnsafeRawBufferPointer(rebasing: bytes[row.range])) }
        }
    }
}
