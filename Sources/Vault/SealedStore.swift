internal import Credentials
internal import Sealing

/// Sealed rows and the tree that keeps them fresh, inside one database transaction.
///
/// Each table has a tree of its own: the header holds the root's element, the root holds its nodes'
/// elements, a node holds the sums of its buckets, and a bucket is the set of rows whose ids begin with
/// the same two bytes. One read checks one bucket; one write changes one.
final class SealedStore {
    let database: Database
    let keys: VaultKeys
    let lasting: LastingKeys
    let vault: [UInt8]
    var header: Header
    /// The number of the slot that opened the vault; nil where nobody knows.
    let openedBy: Int?
    /// Nodes that were read or changed, by `slot`.
    private var nodes = [TreeNode?](repeating: nil, count: Table.count * slotsOfTable)
    private var changed = [Bool](repeating: false, count: Table.count * slotsOfTable)
    /// A root and 256 nodes.
    private static let slotsOfTable = 257

    private static func slot(_ table: Table, _ index: UInt8?) -> Int {
        Int(table.rawValue) * slotsOfTable + (index.map { Int($0) + 1 } ?? 0)
    }

    init(
        database: Database, keys: VaultKeys, lasting: LastingKeys, vault: [UInt8], header: Header, openedBy: Int?
    ) {
        self.database = database
        self.keys = keys
        self.lasting = lasting
        self.vault = vault
        self.header = header
        self.openedBy = openedBy
    }

    // MARK: Reading

    /// The content of one row; nil when it does not exist, which the tree confirms.
    func read(_ table: Table, _ id: RowID) throws(VaultError) -> [UInt8]? {
        guard let row = try freshRow(table, id) else { return nil }
        return try open(row, in: table)
    }

    func freshRow(_ table: Table, _ id: RowID) throws(VaultError) -> SealedRow? {
        var sum = Element.zero
        var found: SealedRow?
        var previous: RowID?
        var count: UInt64 = 0
        var bytes: Int64 = 0
        let statement = try database.statement(
            "SELECT id, revision, sealed FROM \(table.name) WHERE id >= ?1 AND id < ?2 ORDER BY id")
        let (first, end) = Self.bucketBounds(id)
        statement.bind(1, first).bind(2, end)
        while try statement.step() {
            let row = try Self.row(from: statement, table)
            // A row that stands twice would cancel itself out of the sum.
            guard previous.map({ $0 < row.id }) ?? true else {
                throw .damaged(.freshness(table: table.name))
            }
            previous = row.id
            // A forged index leads to the same rows again and again.
            count += 1
            bytes += Int64(row.sealed.count)
            guard count <= header[table].rows, bytes <= database.size else {
                throw .damaged(.freshness(table: table.name))
            }
            sum ^= row.element(in: table, key: keys.freshness)
            if row.id == id { found = row }
        }
        guard try node(table, id.value[0])[id.value[1]] == sum else { throw .damaged(.freshness(table: table.name)) }
        return found
    }

    /// Checks that the tree has no other rows than those that its roots lead to.
    func requireNoOtherNodes() throws(VaultError) {
        var expected: Int64 = 0
        for table in Table.allCases where table != .tree && header[table].root != .zero {
            expected += 1 + Int64(try treeRow(table, nil, expected: header[table].root).count)
        }
        var found: Int64 = 0
        let statement = try database.statement("SELECT id FROM tree")
        defer { statement.reset() }
        while found <= expected, try statement.step() { found += 1 }
        guard found == expected else { throw .damaged(.freshness(table: Table.tree.name)) }
    }

    func open(_ row: SealedRow, in table: Table) throws(VaultError) -> [UInt8] {
        do {
            return try AEAD.open(row.sealed, with: keys.records, binding: context(table, row.id, row.revision))
        } catch {
            throw .damaged(.record(table: table.name))
        }
    }

    func openSecret(_ row: SealedRow) throws(VaultError) -> SecretBytes {
        do {
            return try AEAD.openSecret(row.sealed, with: keys.secrets, binding: context(.secret, row.id, row.revision))
        } catch {
            throw .damaged(.secret)
        }
    }

    func context(_ table: Table, _ id: RowID, _ revision: UInt64) -> [UInt8] {
        SealContext.binding(vault: vault, table: table, id: id, revision: revision)
    }

    private static func row(from statement: Statement, _ table: Table) throws(VaultError) -> SealedRow {
        do throws(WrongType) {
            return SealedRow(
                id: try statement.rowID(0), revision: UInt64(bitPattern: try statement.number(1)),
                sealed: try statement.bytes(2))
        } catch {
            throw .damaged(table.damageOfRow)
        }
    }

    private static func bucketBounds(_ id: RowID) -> (first: [UInt8], end: [UInt8]) {
        let first = [id.value[0], id.value[1]]
        let next = (Int(first[0]) << 8 | Int(first[1])) + 1
        // After the last bucket every 16-byte id is smaller than 17 bytes of 0xFF.
        let end = next > 0xFFFF ? [UInt8](repeating: 0xFF, count: 17) : [UInt8(next >> 8), UInt8(next & 0xFF)]
        return (first, end)
    }

    /// Up to `count` rows behind a position in the file's own order, unchecked.
    func rows(
        of table: Table, after position: Int64, atMost count: Int
    ) throws(VaultError) -> [(position: Int64, row: SealedRow)] {
        var rows: [(position: Int64, row: SealedRow)] = []
        let statement = try database.statement(
            "SELECT id, revision, sealed, rowid FROM \(table.name) WHERE rowid > ?1 ORDER BY rowid LIMIT ?2")
        statement.bind(1, position).bind(2, Int64(count))
        while try statement.step() {
            guard let position = try? statement.number(3) else { throw .damaged(table.damageOfRow) }
            rows.append((position, try Self.row(from: statement, table)))
        }
        return rows
    }

    // MARK: Writing

    func write(_ table: Table, _ id: RowID, content: [UInt8]) throws(VaultError) {
        try replace(table, id) { AEAD.seal(content, with: $0.keys.records, binding: $1) }
    }

    func write(_ id: RowID, secret: SecretBytes) throws(VaultError) {
        try replace(.secret, id) { AEAD.seal(secret, with: $0.keys.secrets, binding: $1) }
    }

    /// Takes a row over from a store of the same file under other keys.
    func adopt(_ row: SealedRow, of old: SealedStore, in table: Table, as id: RowID) throws(VaultError) {
        let context = context(table, id, header.generation)
        let sealed =
            if table == .secret {
                AEAD.seal(try old.openSecret(row), with: keys.secrets, binding: context)
            } else {
                AEAD.seal(try old.open(row, in: table), with: keys.records, binding: context)
            }
        let adopted = SealedRow(id: id, revision: header.generation, sealed: sealed)
        try database.statement("UPDATE \(table.name) SET id = ?1, revision = ?2, sealed = ?3 WHERE id = ?4")
            .bind(1, id.bytes).bind(2, Int64(bitPattern: adopted.revision)).bind(3, sealed).bind(4, row.id.bytes).run()
        header[table].rows += 1
        try toggle(adopted.element(in: table, key: keys.freshness), table, id)
    }

    /// Removes a row, if it is there; its bytes in the file are overwritten.
    func remove(_ table: Table, _ id: RowID) throws(VaultError) {
        guard let old = try storedRow(table, id) else { return }
        try database.statement("DELETE FROM \(table.name) WHERE id = ?1").bind(1, id.bytes).run()
        try toggle(old.element(in: table, key: keys.freshness), table, id)
        header[table].rows -= 1
    }

    private func replace(
        _ table: Table, _ id: RowID, _ seal: (SealedStore, [UInt8]) -> [UInt8]
    ) throws(VaultError) {
        if let old = try storedRow(table, id) {
            try toggle(old.element(in: table, key: keys.freshness), table, id)
        } else {
            header[table].rows += 1
        }
        let row = SealedRow(
            id: id, revision: header.generation, sealed: seal(self, context(table, id, header.generation)))
        try store(row, table)
        try toggle(row.element(in: table, key: keys.freshness), table, id)
    }

    private func store(_ row: SealedRow, _ table: Table) throws(VaultError) {
        try database.statement(
            """
            INSERT INTO \(table.name)(id, revision, sealed) VALUES(?1, ?2, ?3)
            ON CONFLICT(id) DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed
            """
        ).bind(1, row.id.bytes).bind(2, Int64(bitPattern: row.revision)).bind(3, row.sealed).run()
    }

    func storedRow(_ table: Table, _ id: RowID) throws(VaultError) -> SealedRow? {
        let statement = try database.statement("SELECT id, revision, sealed FROM \(table.name) WHERE id = ?1")
        statement.bind(1, id.bytes)
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        return try Self.row(from: statement, table)
    }

    // MARK: The tree

    private func toggle(_ element: Element, _ table: Table, _ id: RowID) throws(VaultError) {
        let slot = Self.slot(table, id.value[0])
        var changedNode = try node(table, id.value[0])
        changedNode[id.value[1]] = changedNode[id.value[1]].combined(with: element)
        nodes[slot] = changedNode
        changed[slot] = true
    }

    private func node(_ table: Table, _ index: UInt8) throws(VaultError) -> TreeNode {
        let root = try treeRow(table, nil, expected: header[table].root)
        return try treeRow(table, index, expected: root[index])
    }

    func treeRow(_ table: Table, _ index: UInt8?, expected: Element) throws(VaultError) -> TreeNode {
        let slot = Self.slot(table, index)
        if let known = nodes[slot] { return known }
        guard expected != .zero else {
            nodes[slot] = TreeNode()
            return TreeNode()
        }
        let id = RowID(nodeOf: table, index: index)
        guard let row = try storedRow(.tree, id), row.element(in: .tree, key: keys.freshness) == expected,
            let node = try? TreeNode(plainForm: try open(row, in: .tree))
        else { throw .damaged(.freshness(table: table.name)) }
        nodes[slot] = node
        return node
    }

    /// Writes the changed nodes and their roots; the header then stands for everything.
    func flush() throws(VaultError) {
        for table in Table.allCases where table != .tree {
            let touched = (UInt8.min...UInt8.max).filter { changed[Self.slot(table, $0)] }
            guard !touched.isEmpty else { continue }
            var root = try treeRow(table, nil, expected: header[table].root)
            for index in touched {
                root[index] = try writeNode(try node(table, index), RowID(nodeOf: table, index: index))
            }
            let rootID = RowID(nodeOf: table, index: nil)
            nodes[Self.slot(table, nil)] = root
            header[table].root = try writeNode(root, rootID)
        }
        for index in changed.indices { changed[index] = false }
    }

    private func writeNode(_ node: TreeNode, _ id: RowID) throws(VaultError) -> Element {
        let sealed = AEAD.seal(
            node.plainForm, with: keys.records, binding: context(.tree, id, header.generation))
        let row = SealedRow(id: id, revision: header.generation, sealed: sealed)
        try store(row, .tree)
        return row.element(in: .tree, key: keys.freshness)
    }
}
