/// Bytes on their way to standard output, a megabyte at a time: a long list is never in memory as a whole.
struct OutputBuffer: ~Copyable {
    private var bytes: [UInt8] = []
    private let write: (UnsafeRawBufferPointer) -> Void
    private static let most = 1 << 20

    init(_ write: @escaping (UnsafeRawBufferPointer) -> Void) {
        self.write = write
    }

    mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ more: some Collection<UInt8>) {
        bytes.append(contentsOf: more)
        // What ends in blanks waits, since trim() may take them.
        if bytes.count >= Self.most, bytes.last != UInt8(ascii: " ") { flush() }
    }

    /// Takes blanks from the end of the line that is being written.
    mutating func trim() {
        while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    }

    mutating func flush() {
        bytes.withUnsafeBytes(write)
        bytes.removeAll(keepingCapacity: true)
    }
}
