internal import Credentials
internal import Sealing

/// Names a row without telling what is in it: 16 bytes, random or a keyed hash of the row's name.
struct RowID: Hashable, Sendable {
    static let count = SixteenBytes.count
    let value: SixteenBytes

    /// The row of `table` that is called `name`.
    init(_ table: Table, named name: [UInt8], key: SecretBytes) {
        value = ([table.rawValue] + name).withUnsafeBytes { KeyedHash.hash($0, key: key) }
    }

    init(_ id: CredentialID) {
        value = id.value
    }

    /// A node of the freshness tree: nil `index` is the root of `table`.
    init(nodeOf table: Table, index: UInt8?) {
        value = SixteenBytes {
            $0[0] = table.rawValue
            $0[1] = index == nil ? 0 : 1
            $0[2] = index ?? 0
        }
    }

    init(_ value: SixteenBytes) {
        self.value = value
    }

    var bytes: [UInt8] { value.array }
}

extension RowID: Comparable {
    static func < (left: RowID, right: RowID) -> Bool {
        left.value.withBytes { left in right.value.withBytes { left.lexicographicallyPrecedes($0) } }
    }
}
