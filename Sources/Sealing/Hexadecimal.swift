/// Bytes as text, two small digits each.
public enum Hexadecimal {
    public static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [digit($0 >> 4), digit($0 & 15)] }, as: UTF8.self)
    }

    /// The digit of a value below 16.
    public static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
