internal import CSodium

/// A secret value in locked memory that is wiped when the last reference goes.
///
/// It cannot be printed, dumped or interpolated: every textual form is a fixed mask. Comparison takes
/// the same time whatever the content.
public final class SecretBytes: @unchecked Sendable {
    /// The number of bytes.
    public let count: Int
    private let piece: SecretArena.Piece

    /// Makes a secret of `count` bytes and lets `fill` write them. One more byte, zero, follows them.
    public init<Failure: Error>(
        count: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        self.count = count
        piece = SecretArena.process.take(count + 1)
        try fill(UnsafeMutableRawBufferPointer(start: piece.bytes, count: count))
    }

    /// Copies `bytes` into locked memory; the caller has to wipe the original.
    public convenience init(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
    }

    /// Copies bytes that are not secret themselves, or a test's made-up value.
    public convenience init(_ bytes: some Collection<UInt8>) {
        self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
    }

    /// As for any collection, without asking the runtime what kind it is.
    public convenience init(_ bytes: [UInt8]) {
        self.init(count: bytes.count) { memory in bytes.withUnsafeBytes { memory.copyMemory(from: $0) } }
    }

    /// `count` random bytes from the system's generator.
    public static func random(count: Int) -> SecretBytes {
        _ = sodiumReady
        return SecretBytes(count: count) { bytes in
            if let start = bytes.baseAddress { randombytes_buf(start, count) }
        }
    }

    deinit {
        SecretArena.process.giveBack(piece)
    }

    /// Lends the bytes for the length of `body`. They must not be kept.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: piece.bytes, count: count))
    }

    /// As `withBytes`, for a body that waits.
    public func lendBytes<Result>(
        _ body: (UnsafeRawBufferPointer) async throws -> Result
    ) async rethrows -> Result {
        try await body(UnsafeRawBufferPointer(start: piece.bytes, count: count))
    }

    /// Lends the bytes as a C string; a zero byte inside the secret ends it early.
    public func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        body(UnsafePointer(piece.bytes.assumingMemoryBound(to: CChar.self)))
    }

    /// As `withBytes`, for C functions that take a pointer and a count.
    func withPointer<Result, Failure: Error>(
        _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafePointer(piece.bytes.assumingMemoryBound(to: UInt8.self)))
    }

    /// As `init(count:fill:)`, for C functions that write to a pointer.
    init<Failure: Error>(
        count: Int, write: (UnsafeMutablePointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        self.count = count
        piece = SecretArena.process.take(count + 1)
        try write(piece.bytes.assumingMemoryBound(to: UInt8.self))
    }

    /// The part of the secret in `range`, as a secret of its own.
    public subscript(range: Range<Int>) -> SecretBytes {
        withBytes { SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// True while all secrets of this process are in memory that cannot be swapped out.
    public static var memoryIsLocked: Bool { SecretArena.process.isLocked }
}

extension SecretBytes: Equatable {
    /// Two of different lengths are told apart at once; else it takes the same time whatever the content.
    public static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        left.count == right.count
            && left.withBytes { leftBytes in
                right.withBytes { rightBytes in
                    guard let one = leftBytes.baseAddress, let other = rightBytes.baseAddress else { return true }
                    return sodium_memcmp(one, other, leftBytes.count) == 0
                }
            }
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always the same mask.
    public var description: String { "‹secret›" }
    /// Always the same mask.
    public var debugDescription: String { "‹secret›" }
    /// Without children: `dump` shows nothing of the content.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
