internal import Sealing

/// A row as it lies on disk.
struct SealedRow {
    let id: RowID
    /// The generation in which it was written.
    let revision: UInt64
    let sealed: [UInt8]

    func element(in table: Table, key: SecretBytes) -> Element {
        sealed.withUnsafeBytes { Element(of: $0, id, revision, in: table, key: key) }
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
        id.value.withBytes { context.append(contentsOf: $0) }
        withUnsafeBytes(of: revision.littleEndian) { context.append(contentsOf: $0) }
        return context
    }

    /// Makes a binding that of another row of its table.
    static func rebind(_ binding: inout [UInt8], id: RowID, revision: UInt64) {
        let end = binding.count
        binding.withUnsafeMutableBytes { binding in
            let place = UnsafeMutableRawBufferPointer(rebasing: binding[(end - RowID.count - 8)...])
            id.value.withBytes { place.copyMemory(from: $0) }
            place.storeBytes(of: revision.littleEndian, toByteOffset: RowID.count, as: UInt64.self)
        }
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

    /// The keyed hash that stands for a row, in exactly this revision, in the freshness tree.
    init(of sealed: UnsafeRawBufferPointer, _ id: RowID, _ revision: UInt64, in table: Table, key: SecretBytes) {
        let nonce = UnsafeRawBufferPointer(rebasing: sealed.prefix(AEAD.nonceCount))
        let tag = UnsafeRawBufferPointer(rebasing: sealed.suffix(AEAD.tagCount))
        let most = 1 + RowID.count + MemoryLayout<UInt64>.size + AEAD.overhead
        self = withUnsafeTemporaryAllocation(byteCount: most, alignment: 1) { context in
            var count = 0
            func put(_ bytes: UnsafeRawBufferPointer) {
                UnsafeMutableRawBufferPointer(rebasing: context[count...]).copyMemory(from: bytes)
                count += bytes.count
            }
            withUnsafeBytes(of: table.rawValue) { put($0) }
            id.value.withBytes { put($0) }
            withUnsafeBytes(of: revision.littleEndian) { put($0) }
            put(nonce)
            put(tag)
            return Element(KeyedHash.hash(UnsafeRawBufferPointer(rebasing: context[..<count]), key: key))
        }
    }

    private init(_ hash: SixteenBytes) {
        self = hash.withBytes { Element($0) }
    }

    /// 16 bytes.
    init(bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { Element($0) }
    }

    private init(_ bytes: UnsafeRawBufferPointer) {
        low = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        high = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
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
