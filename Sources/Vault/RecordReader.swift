internal import Credentials
internal import Sealing

/// The content does not have the form that its layout number promises.
struct MalformedRecord: Error {}

/// Reads what `RecordWriter` wrote and never trusts a length.
struct RecordReader {
    private let bytes: [UInt8]
    private let end: Int
    private var position = 0
    /// Terms that were read before; nil where no other record follows.
    var recentTerms: RecentTerms?

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        end = bytes.count
    }

    /// Reads the first `count` of `bytes`.
    init(_ bytes: [UInt8], count: Int, recentTerms: RecentTerms) {
        precondition(count <= bytes.count)
        self.bytes = bytes
        self.recentTerms = recentTerms
        end = count
    }

    var isAtEnd: Bool { position == end }

    private mutating func advance(_ count: Int) throws(MalformedRecord) -> Range<Int> {
        guard count >= 0, count <= end - position else { throw MalformedRecord() }
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

    mutating func sixteen() throws(MalformedRecord) -> SixteenBytes {
        let range = try advance(SixteenBytes.count)
        let value = bytes.withUnsafeBytes { SixteenBytes(UnsafeRawBufferPointer(rebasing: $0[range])) }
        guard let value else { throw MalformedRecord() }
        return value
    }

    mutating func fingerprint() throws(MalformedRecord) -> Fingerprint { Fingerprint(try sixteen()) }
    mutating func credentialID() throws(MalformedRecord) -> CredentialID { CredentialID(try sixteen()) }

    mutating func text() throws(MalformedRecord) -> String {
        try decoded { text in
            // Nearly every text is in ASCII, for which the general way takes longer.
            text.allSatisfy { $0 < 0x80 }
                ? String(decoding: text, as: UTF8.self) : String(validating: text, as: UTF8.self)
        }
    }

    mutating func address() throws(MalformedRecord) -> Address { try decoded { Address(utf8: $0) } }
    mutating func deployment() throws(MalformedRecord) -> Deployment { try decoded { Deployment(utf8: $0) } }

    /// What `decode` makes of the bytes of a text, which need not be one; nil: malformed.
    private mutating func decoded<Value>(
        _ decode: (UnsafeBufferPointer<UInt8>) -> Value?
    ) throws(MalformedRecord) -> Value {
        let range = try advance(Int(try number(UInt32.self)))
        let value = bytes.withUnsafeBufferPointer { decode(UnsafeBufferPointer(rebasing: $0[range])) }
        guard let value else { throw MalformedRecord() }
        return value
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
        guard count <= end - position else { throw MalformedRecord() }
        var values: [Value] = []
        values.reserveCapacity(min(count, 64))
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }

    /// As `read`, but terms whose bytes are the same as some that were read lately are not made anew.
    mutating func terms(
        _ read: (inout RecordReader) throws(MalformedRecord) -> Terms
    ) throws(MalformedRecord) -> Terms {
        if let (count, terms) = recentTerms?.known(in: bytes[position..<end]) {
            position += count
            return terms
        }
        let start = position
        let terms = try read(&self)
        recentTerms?.remember(terms, of: bytes[start..<position])
        return terms
    }
}
