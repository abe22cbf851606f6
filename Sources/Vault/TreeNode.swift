internal import Glibc
internal import Sealing

/// A node of a table's freshness tree: up to 256 children by one byte of the row id.
///
/// The root's children are nodes, each standing for itself as a row; a node's children are buckets,
/// each the sum of the elements of its rows.
struct TreeNode: Record, Equatable {
    static let table = Table.tree
    private var children = [Element](repeating: .zero, count: 256)

    init() {}

    subscript(child: UInt8) -> Element {
        get { children[Int(child)] }
        set { children[Int(child)] = newValue }
    }

    /// True when these are the sums of all children.
    func lists(_ sums: [Element]) -> Bool {
        children.withUnsafeBytes { own in
            sums.withUnsafeBytes { given in
                guard own.count == given.count, let own = own.baseAddress, let given = given.baseAddress else {
                    return false
                }
                return memcmp(own, given, 256 * Element.count) == 0
            }
        }
    }

    /// The number of children that stand for something.
    var count: Int { children.count { $0 != .zero } }

    func write(to writer: inout RecordWriter) {
        let used = (UInt8.min...UInt8.max).filter { self[$0] != .zero }
        writer.put(list: used) {
            $0.put($1)
            $0.put(fixed: self[$1].bytes)
        }
    }

    init(reading reader: inout RecordReader) throws(MalformedRecord) {
        var next = 0
        for _ in 0..<(try reader.number(UInt32.self)) {
            let child = try reader.byte()
            let sum = Element(bytes: try reader.fixed(Element.count))
            guard Int(child) >= next, sum != .zero else { throw MalformedRecord() }
            self[child] = sum
            next = Int(child) + 1
        }
    }
}
