internal import Sealing

/// Opens the rows of one table, one after another, in memory that it keeps.
struct RowOpener: Sendable {
    private let table: Table
    private let key: SecretBytes
    private var binding: [UInt8]
    private var content: [UInt8] = []
    private var recentTerms = RecentTerms()

    init(_ table: Table, of store: SealedStore) {
        self.table = table
        key = table == .secret ? store.keys.secrets : store.keys.records
        binding = store.context(table, RowID(nodeOf: table, index: nil), 0)
    }

    /// - Throws: `damaged(.record)` when it does not fit its seal or its form.
    mutating func open<Noun: Record>(
        _ row: RowBatch.Row, _ sealed: UnsafeRawBufferPointer
    ) throws(VaultError) -> Noun {
        SealContext.rebind(&binding, id: row.id, revision: row.revision)
        do {
            let count = try AEAD.open(sealed, with: key, binding: binding, into: &content)
            var reader = RecordReader(content, count: count, recentTerms: recentTerms)
            let noun = try Noun(whole: &reader)
            if let terms = reader.recentTerms { recentTerms = terms }
            return noun
        } catch {
            throw .damaged(.record(table: table.name))
        }
    }

    /// - Throws: `damaged(.secret)` when it does not fit its seal.
    mutating func openSecret(_ row: RowBatch.Row, _ sealed: UnsafeRawBufferPointer) throws(VaultError) -> SecretBytes {
        SealContext.rebind(&binding, id: row.id, revision: row.revision)
        do {
            return try AEAD.openSecret(sealed, with: key, binding: binding)
        } catch {
            throw .damaged(.secret)
        }
    }
}
