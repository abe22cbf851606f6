/// The spelling of the parts of an address: it has to survive shells, file names and variable names.
enum Name {
    static let longest = 64

    static func isValid(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, isLetterOrDigit(first), text.utf8.count <= longest else { return false }
        return text.utf8.allSatisfy {
            isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
