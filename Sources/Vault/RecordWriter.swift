internal import Credentials
internal import Sealing

/// Writes the plain form of a record: integers in little-endian order, texts and byte strings with a
/// 32-bit length in front, an optional with a byte 0 or 1 in front, a list with a 32-bit count in front.
struct RecordWriter {
    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(512)
    }

    mutating func put(_ value: UInt8) { bytes.append(value) }
    mutating func put(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func put<Number: FixedWidthInteger>(number value: Number) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ value: Int) { put(number: Int64(value)) }
    mutating func put(_ time: Timestamp) { put(number: time.seconds) }
    mutating func put(_ span: Span) { put(number: span.seconds) }
    mutating func put(_ fingerprint: Fingerprint) { put(fixed: fingerprint.bytes) }
    mutating func put(_ id: CredentialID) { put(fixed: id.bytes) }
    mutating func put(fixed value: [UInt8]) { bytes.append(contentsOf: value) }

    mutating func put(_ text: String) {
        var text = text
        text.withUTF8 {
            put(number: UInt32($0.count))
            bytes.append(contentsOf: $0)
        }
    }

    mutating func put(_ value: [UInt8]) {
        put(number: UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func put<Value>(_ value: Value?, _ write: (inout RecordWriter, Value) -> Void) {
        put(value != nil)
        if let value { write(&self, value) }
    }

    mutating func put(_ text: String?) { put(text) { $0.put($1) } }
    mutating func put(_ time: Timestamp?) { put(time) { $0.put($1) } }
    mutating func put(_ span: Span?) { put(span) { $0.put($1) } }

    mutating func put<Values: Collection>(list: Values, _ write: (inout RecordWriter, Values.Element) -> Void) {
        put(number: UInt32(list.count))
        for value in list { write(&self, value) }
    }
}
