/// The spelling of the parts of an address: it has to survive shells, file names and variable names.
enum Name {
    static let longest = 64

    static func isValid(_ text: Substring) -> Bool {
        var count = 0
        for byte in text.utf8 {
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
