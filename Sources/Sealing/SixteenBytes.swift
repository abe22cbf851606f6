/// Sixteen bytes, kept in place: ids and fingerprints are made, compared and looked up by the hundred thousand.
public struct SixteenBytes: Hashable, Sendable {
    /// Sixteen.
    public static let count = 16
    private let first: UInt64
    private let second: UInt64

    /// Nil unless there are exactly sixteen.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.count else { return nil }
        first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    }

    /// Nil unless there are exactly sixteen.
    public init?(_ bytes: [UInt8]) {
        guard let value = bytes.withUnsafeBytes({ SixteenBytes($0) }) else { return nil }
        self = value
    }

    /// Made by `fill`, which gets sixteen zeros.
    public init(fill: (UnsafeMutablePointer<UInt8>) -> Void) {
        var words: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &words) {
            if let start = $0.bindMemory(to: UInt8.self).baseAddress { fill(start) }
        }
        (first, second) = words
    }

    /// A copy of them.
    public var array: [UInt8] { withBytes { Array($0) } }

    /// Lends the bytes for the length of `body`.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeBytes(of: (first, second), body)
    }

    /// The byte at `index`, counted from 0.
    public subscript(index: Int) -> UInt8 { withBytes { $0[index] } }
}
