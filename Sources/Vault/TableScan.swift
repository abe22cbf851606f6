internal import Synchronization

/// One pass over all rows of a table, in the file's order, which ends with the proof that they are complete and fresh.
struct TableScan {
    private let store: SealedStore
    private let table: Table
    private let statement: Statement
    /// By the first byte of the id, and within by the second; what no row begins with takes no memory.
    private var sums = [[Element]](repeating: [], count: 256)
    private var count: UInt64 = 0
    private var bytes: Int64 = 0
    private(set) var isAtEnd = false

    init(_ table: Table, of store: SealedStore) throws(VaultError) {
        self.store = store
        self.table = table
        statement = try store.database.statement("SELECT id, revision, sealed FROM \(table.name)")
    }

    /// Adds rows to `batch` until it is full or there are no more.
    /// - Throws: when the row behind those in `batch` cannot be read, or the last of them is one too many.
    mutating func fill(_ batch: inout RowBatch) throws(VaultError) {
        let expected = store.header[table].rows
        while !batch.isFull {
            guard try statement.step() else {
                isAtEnd = true
                return
            }
            let (id, revision, sealed) = try row()
            batch.append(sealed, id: id, revision: revision)
            count += 1
            // A forged tree of pages shows the same rows again and again.
            bytes += Int64(sealed.count)
            guard count <= expected, bytes <= store.database.size else {
                throw .damaged(.freshness(table: table.name))
            }
        }
    }

    private func row() throws(VaultError) -> (RowID, revision: UInt64, sealed: UnsafeRawBufferPointer) {
        do throws(WrongType) {
            return (
                try statement.rowID(0), UInt64(bitPattern: try statement.number(1)), try statement.blob(2)
            )
        } catch {
            throw .damaged(table.damageOfRow)
        }
    }

    /// Counts a row in.
    mutating func add(_ element: Element, of id: RowID) {
        let (first, second) = (Int(id.value[0]), Int(id.value[1]))
        if sums[first].isEmpty { sums[first] = [Element](repeating: .zero, count: 256) }
        sums[first][second] ^= element
    }

    /// - Throws: `damaged(.freshness)` when a row was missing, doubled or of another revision.
    func requireFresh() throws(VaultError) {
        guard count == store.header[table].rows else { throw .damaged(.freshness(table: table.name)) }
        let root = try store.treeRow(table, nil, expected: store.header[table].root)
        for first in UInt8.min...UInt8.max where root[first] != .zero || !sums[Int(first)].isEmpty {
            let node = try store.treeRow(table, first, expected: root[first])
            guard sums[Int(first)].isEmpty ? node.count == 0 : node.lists(sums[Int(first)]) else {
                throw .damaged(.freshness(table: table.name))
            }
        }
    }
}

extension SealedStore {
    /// What was made of a batch, one for each of its rows.
    private struct Opened<Output: Sendable>: Sendable {
        let batch: RowBatch
        var elements: [Element] = []
        var outputs: [Result<Output, VaultError>] = []

        init(_ batch: RowBatch) {
            self.batch = batch
            elements.reserveCapacity(batch.rows.count)
            outputs.reserveCapacity(batch.rows.count)
        }
    }

    /// Has every row of `table` opened by `open`, in other threads when there are many, and hands what came of it to
    /// `body`, in this thread and in the file's order. Checks that the set is complete and fresh.
    func forEach<Output: Sendable>(
        _ table: Table,
        opened open:
            @escaping @Sendable (inout RowOpener, RowBatch.Row, UnsafeRawBufferPointer) throws(VaultError) -> Output,
        _ body: (RowBatch.Row, Result<Output, VaultError>) throws(VaultError) -> Void
    ) throws(VaultError) {
        var scan = try TableScan(table, of: self)
        let isLong = header[table].rows > Self.fewRows
        let sides = (0..<(isLong ? 2 : 1)).map { _ in side(of: table, isWorthIt: isLong, open) }
        func finish(_ opened: Opened<Output>) throws(VaultError) {
            for (index, row) in opened.batch.rows.enumerated() {
                scan.add(opened.elements[index], of: row.id)
                try body(row, opened.outputs[index])
            }
        }
        var begun: [SideThread<RowBatch, Opened<Output>>.Piece] = []
        var next = 0
        var batch = RowBatch()
        // What is wrong with a row comes after what is wrong with those before it.
        var failure: VaultError?
        while failure == nil, !scan.isAtEnd {
            do throws(VaultError) {
                try scan.fill(&batch)
            } catch {
                failure = error
            }
            begun.append(sides[next % sides.count].begin(batch))
            next += 1
            batch = RowBatch()
            if begun.count > sides.count {
                let opened = begun.removeFirst().result()
                try finish(opened)
                batch = opened.batch
                batch.removeAll()
            }
        }
        for piece in begun { try finish(piece.result()) }
        if let failure { throw failure }
        try scan.requireFresh()
    }

    /// A thread that opens batches of `table`.
    private func side<Output: Sendable>(
        of table: Table, isWorthIt: Bool,
        _ open: @escaping @Sendable (inout RowOpener, RowBatch.Row, UnsafeRawBufferPointer) throws(VaultError) -> Output
    ) -> SideThread<RowBatch, Opened<Output>> {
        let opener = Mutex(RowOpener(table, of: self))
        return SideThread(isWorthIt: isWorthIt) { [key = keys.freshness] batch in
            opener.withLock { opener in
                var opened = Opened<Output>(batch)
                batch.forEach { row, sealed in
                    opened.elements.append(Element(of: sealed, row.id, row.revision, in: table, key: key))
                    opened.outputs.append(Result { () throws(VaultError) in try open(&opener, row, sealed) })
                }
                return opened
            }
        }
    }

    /// So many are opened before another thread has begun.
    private static let fewRows: UInt64 = 1000
}
