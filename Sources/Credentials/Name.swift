/// The spelling of the parts of an address: it has to survive shells, file names and variable names.
enum Name {
    static let longest = 64

    /// The name that these bytes are; nil when they are none.
    static func text(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        isValid(bytes) ? String(decoding: UnsafeBufferPointer(rebasing: bytes), as: UTF8.self) : nil
    }

    private static func isValid(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var count = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                break
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): if count == 0 { return false }
            default: return false
            }
            count += 1
        }
        return (1...longest).contains(count)
    }
}
