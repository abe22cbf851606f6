internal import Sealing

/// A row as it lies on disk.
struct SealedRow {
    let id: RowID
    /// The generation in which it was written.
    let revision: UInt64
    let sealed: [UInt8]

    /// The keyed hash that stands for this row, in exactly this revision, in the freshness tree.
    func element(in table: Table, key: SecretBytes) -> Element {
        var context: [UInt8] = []
        context.reserveCapacity(1 + RowID.count + 8 + AEAD.overhead)
        context.append(table.rawValue)
        context.append(contentsOf: id.bytes)
        withUnsafeBytes(of: revision.littleEndian) { context.append(contentsOf: $0) }
        context.append(contentsOf: sealed.prefix(AEAD.nonceCount))
        context.append(contentsOf: sealed.suffix(AEAD.tagCount))
        return Element(bytes: KeyedHash.hash(context, key: key, count: Element.count))
    }
}

/// Where a record belongs. Every seal binds it, so that nothing can be moved, renamed or replayed elsewhere.
enum SealContext {
    /// What every binding begins with: the kind of thing, the format and the vault.
    static func of(_ kind: StaticString, in vault: [UInt8]) -> [UInt8] {
        var context: [UInt8] = []
        context.reserveCapacity(kind.utf8CodeUnitCount + 4 + vault.count + 1 + RowID.count + 8)
        context.append(contentsOf: UnsafeBufferPointer(start: kind.utf8Start, count: kind.utf8CodeUnitCount))
        withUnsafeBytes(of: UInt32(Schema.format).littleEndian) { context.append(contentsOf: $0) }
        context.append(contentsOf: vault)
        return context
    }

    static func binding(vault: [UInt8], table: Table, id: RowID, revision: UInt64) -> [UInt8] {
        var context = of("rekeep record", in: vault)
        context.append(table.rawValue)
        context.append(contentsOf: id.bytes)
        withUnsafeBytes(of: revision.littleEndian) { context.append(contentsOf: $0) }
        return context
    }
}

/// A 128-bit keyed hash; the exclusive or of many stands for the set of them. The sums are kept sealed,
/// because whoever could read them could solve for another set with the same sum.
struct Element: Equatable {
    static let count = 16
    private(set) var low: UInt64
    private(set) var high: UInt64

    static let zero = Element(low: 0, high: 0)

    private init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// 16 bytes.
    init(bytes: [UInt8]) {
        (low, high) = bytes.withUnsafeBytes {
            (
                UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    var bytes: [UInt8] {
        withUnsafeBytes(of: (low.littleEndian, high.littleEndian)) { Array($0) }
    }

    func combined(with other: Element) -> Element {
        var sum = self
        sum ^= other
        return sum
    }

    static func ^= (sum: inout Element, element: Element) {
        sum.low ^= element.low
        sum.high ^= element.high
    }
}
