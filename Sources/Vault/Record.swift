internal import Credentials
internal import Sealing

/// A noun that has a plain form in a sealed record. The first byte is the layout's number.
protocol Record {
    static var table: Table { get }
    func write(to writer: inout RecordWriter)
    init(reading reader: inout RecordReader) throws(MalformedRecord)
}

extension Record {
    var plainForm: [UInt8] {
        var writer = RecordWriter()
        writer.put(UInt8(1))
        write(to: &writer)
        return writer.bytes
    }

    /// - Throws: when the layout is unknown, or anything is left over.
    init(plainForm: [UInt8]) throws(MalformedRecord) {
        var reader = RecordReader(plainForm)
        try self.init(whole: &reader)
    }

    /// As `init(plainForm:)`, for what `reader` has from its beginning.
    init(whole reader: inout RecordReader) throws(MalformedRecord) {
        guard try reader.byte() == 1 else { throw MalformedRecord() }
        try self.init(reading: &reader)
        guard reader.isAtEnd else { throw MalformedRecord() }
    }
}

/// Where an address leads.
struct AddressRecord: Record, Equatable {
    static let table = Table.address
    let credential: CredentialID

    init(credential: CredentialID) { self.credential = credential }
    init(reading reader: inout RecordReader) throws(MalformedRecord) { credential = try reader.credentialID() }
    func write(to writer: inout RecordWriter) { writer.put(credential) }
}

/// The credentials that hold, or ever held, one secret value.
struct FingerprintRecord: Record, Equatable {
    static let table = Table.fingerprint
    var credentials: [CredentialID]

    init(credentials: [CredentialID]) { self.credentials = credentials }
    init(reading reader: inout RecordReader) throws(MalformedRecord) {
        credentials = try reader.list { reader throws(MalformedRecord) in try reader.credentialID() }
    }
    func write(to writer: inout RecordWriter) { writer.put(list: credentials) { $0.put($1) } }
}

/// The policies, in one record.
struct PolicyList: Record, Equatable {
    static let table = Table.policy
    var policies: [Policy]

    init(policies: [Policy]) { self.policies = policies }
    init(reading reader: inout RecordReader) throws(MalformedRecord) {
        policies = try reader.list { reader throws(MalformedRecord) in
            guard let pattern = try? Pattern(try reader.text()) else { throw MalformedRecord() }
            return Policy(pattern: pattern, maxAge: try reader.span())
        }
    }
    func write(to writer: inout RecordWriter) {
        writer.put(list: policies) {
            $0.put($1.pattern.description)
            $0.put($1.maxAge)
        }
    }
}

extension NegativeControl: Record {
    static let table = Table.control

    init(reading reader: inout RecordReader) throws(MalformedRecord) {
        self.init(
            provider: try reader.text(), environment: try reader.text(), endpoint: try reader.text(),
            outcome: try reader.outcome(), at: try reader.time())
    }

    func write(to writer: inout RecordWriter) {
        writer.put(provider)
        writer.put(environment)
        writer.put(endpoint)
        writer.put(outcome.rawValue)
        writer.put(at)
    }
}

extension WrongAttempts: Record {
    static let table = Table.attempt

    init(reading reader: inout RecordReader) throws(MalformedRecord) {
        self.init(
            host: try reader.text(), times: try reader.list { reader throws(MalformedRecord) in try reader.time() })
    }

    func write(to writer: inout RecordWriter) {
        writer.put(host)
        writer.put(list: times) { $0.put($1) }
    }
}

extension RecordReader {
    mutating func outcome() throws(MalformedRecord) -> Outcome {
        guard let outcome = Outcome(rawValue: try byte()) else { throw MalformedRecord() }
        return outcome
    }
}
