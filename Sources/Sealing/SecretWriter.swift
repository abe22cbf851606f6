/// Builds a secret piece by piece without leaving copies behind when it grows.
public struct SecretWriter: ~Copyable {
    private var piece: SecretArena.Piece
    private var capacity: Int
    /// The number of bytes written so far.
    public private(set) var count = 0

    /// `capacity` is in bytes; it grows when more is written.
    public init(capacity: Int = 256) {
        self.capacity = capacity
        piece = SecretArena.process.take(capacity)
    }

    deinit {
        SecretArena.process.giveBack(piece)
    }

    /// Writes one byte behind the others.
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        piece.bytes.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Copies the bytes straight into locked memory.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        UnsafeMutableRawBufferPointer(start: piece.bytes + count, count: bytes.count).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Copies bytes that are not secret themselves.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        for byte in bytes { append(byte) }
    }

    /// Copies a text that is part of the program.
    public mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The byte that was written last; nil before the first.
    public var last: UInt8? { count == 0 ? nil : piece.bytes.load(fromByteOffset: count - 1, as: UInt8.self) }

    /// Takes back the last bytes, and wipes them.
    public mutating func removeLast(_ some: Int) {
        let removed = min(some, count)
        count -= removed
        UnsafeMutableRawBufferPointer(start: piece.bytes + count, count: removed).initializeMemory(
            as: UInt8.self, repeating: 0)
    }

    /// Lends the bytes from a place on for the length of `body`. They must not be kept.
    public func withBytes(from start: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        body(UnsafeRawBufferPointer(start: piece.bytes + start, count: count - start))
    }

    /// The bytes so far, as a secret.
    public func finish() -> SecretBytes {
        SecretBytes(copying: UnsafeRawBufferPointer(start: piece.bytes, count: count))
    }

    private mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        let larger = max(capacity * 2, count + more)
        let next = SecretArena.process.take(larger)
        next.bytes.copyMemory(from: piece.bytes, byteCount: count)
        SecretArena.process.giveBack(piece)
        piece = next
        capacity = larger
    }
}
