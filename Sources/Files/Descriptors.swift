internal import Glibc

/// Reading and writing whole: whatever a signal or a slow device makes of a single call.
public enum Descriptors {
    /// Everything from where the descriptor stands to the end.
    /// - Parameter most: more bytes than this are an error, EFBIG.
    public static func readAll(_ descriptor: Int32, atMost most: Int) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(most + 1, 1 << 16))
        while true {
            let count = try readSome(descriptor, into: &chunk)
            if count == 0 { return content }
            guard content.count + count <= most else { throw SystemError(EFBIG) }
            content.append(contentsOf: chunk[..<count])
        }
    }

    /// - Returns: how many bytes came; 0 at the end.
    public static func readSome(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw .last }
        }
    }

    /// As the other, into an array from its beginning.
    public static func readSome(_ descriptor: Int32, into buffer: inout [UInt8]) throws(SystemError) -> Int {
        let result = buffer.withUnsafeMutableBytes { bytes -> Result<Int, SystemError> in
            Result { () throws(SystemError) in try readSome(descriptor, into: bytes) }
        }
        return try result.get()
    }

    /// Writes all bytes.
    public static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw count < 0 ? .last : SystemError(ENOSPC) }
            rest = rest.dropFirst(count)
        }
    }

    /// As the other.
    public static func writeAll(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) throws(SystemError) {
        let result = bytes.withUnsafeBytes { bytes -> Result<Void, SystemError> in
            Result { () throws(SystemError) in try writeAll(descriptor, bytes) }
        }
        try result.get()
    }

    /// Makes what was written durable.
    public static func sync(_ descriptor: Int32) throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw .last }
    }
}
