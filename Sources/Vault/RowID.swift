internal import Credentials
internal import Sealing

/// Names a row without telling what is in it: 16 bytes, random or a keyed hash of the row's name.
struct RowID: Hashable {
    static let count = 16
    let bytes: [UInt8]

    /// The row of `table` that is called `name`.
    init(_ table: Table, named name: [UInt8], key: SecretBytes) {
        bytes = KeyedHash.hash([table.rawValue] + name, key: key, count: Self.count)
    }

    init(_ id: CredentialID) {
        bytes = id.bytes
    }

    /// A node of the freshness tree: nil `index` is the root of `table`.
    init(nodeOf table: Table, index: UInt8?) {
        bytes = [table.rawValue, index == nil ? 0 : 1, index ?? 0] + [UInt8](repeating: 0, count: 13)
    }

    /// A stored id; nil unless it has the right length.
    init?(stored bytes: [UInt8]) {
        guard bytes.count == Self.count else { return nil }
        self.bytes = bytes
    }
}
