internal import Credentials
internal import Sealing

/// The content does not have the form that its layout number promises.
struct MalformedRecord: Error {}

/// Reads what `RecordWriter` wrote and never trusts a length.
struct RecordReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    private mutating func advance(_ count: Int) throws(MalformedRecord) -> Range<Int> {
        guard count >= 0, count <= bytes.count - position else { throw MalformedRecord() }
        defer { position += count }
        return position..<position + count
    }

    mutating func byte() throws(MalformedRecord) -> UInt8 { bytes[try advance(1).lowerBound] }

    mutating func flag() throws(MalformedRecord) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        default: throw MalformedRecord()
        }
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(MalformedRecord) -> Number {
        let range = try advance(MemoryLayout<Number>.size)
        return bytes.withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: Number.self))
        }
    }

    mutating func integer() throws(MalformedRecord) -> Int { Int(try number(Int64.self)) }
    mutating func time() throws(MalformedRecord) -> Timestamp { Timestamp(seconds: try number()) }
    mutating func span() throws(MalformedRecord) -> Span { Span(seconds: try number()) }

    mutating func fixed(_ count: Int) throws(MalformedRecord) -> [UInt8] { Array(bytes[try advance(count)]) }

    mutating func text() throws(MalformedRecord) -> String {
        let range = try advance(Int(try number(UInt32.self)))
        let text = bytes.withUnsafeBufferPointer {
            String(validating: UnsafeBufferPointer(rebasing: $0[range]), as: UTF8.self)
        }
        guard let text else { throw MalformedRecord() }
        return text
    }

    mutating func fingerprint() throws(MalformedRecord) -> Fingerprint {
        guard let fingerprint = Fingerprint(bytes: try fixed(Fingerprint.count)) else { throw MalformedRecord() }
        return fingerprint
    }

    mutating func credentialID() throws(MalformedRecord) -> CredentialID {
        guard let id = CredentialID(bytes: try fixed(CredentialID.count)) else { throw MalformedRecord() }
        return id
    }

    mutating func optional<Value>(
        _ read: (inout RecordReader) throws(MalformedRecord) -> Value
    ) throws(MalformedRecord) -> Value? {
        try flag() ? try read(&self) : nil
    }

    mutating func optionalText() throws(MalformedRecord) -> String? {
        try flag() ? try text() : nil
    }

    mutating func optionalTime() throws(MalformedRecord) -> Timestamp? {
        try flag() ? try time() : nil
    }

    mutating func optionalSpan() throws(MalformedRecord) -> Span? {
        try flag() ? try span() : nil
    }

    mutating func list<Value>(
        _ read: (inout RecordReader) throws(MalformedRecord) -> Value
    ) throws(MalformedRecord) -> [Value] {
        let count = Int(try number(UInt32.self))
        guard count <= bytes.count - position else { throw MalformedRecord() }
        var values: [Value] = []
        values.reserveCapacity(min(count, 64))
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }
}
