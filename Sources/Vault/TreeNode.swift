internal import Sealing

/// A node of a table's freshness tree: up to 256 children by one byte of the row id.
///
/// The root's children are nodes, each standing for itself as a row; a node's children are buckets,
/// each the sum of the elements of its rows.
struct TreeNode: Record, Equatable {
    static let table = Table.tree
    private(set) var children: [UInt8: Element] = [:]

    init() {}

    subscript(child: UInt8) -> Element {
        get { children[child] ?? .zero }
        set { children[child] = newValue == .zero ? nil : newValue }
    }

    func write(to writer: inout RecordWriter) {
        writer.put(list: children.sorted { $0.key < $1.key }) {
            $0.put($1.key)
            $0.put(fixed: $1.value.bytes)
        }
    }

    init(reading reader: inout RecordReader) throws(MalformedRecord) {
        var last: UInt8?
        let pairs = try reader.list { reader throws(MalformedRecord) in
            (try reader.byte(), Element(bytes: try reader.fixed(Element.count)))
        }
        for (child, sum) in pairs {
            guard last.map({ $0 < child }) ?? true, sum != .zero else { throw MalformedRecord() }
            children[child] = sum
            last = child
        }
    }
}
