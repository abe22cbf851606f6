public import Credentials

/// What belongs to one deployment: the addresses in it and the targets it is written to.
public struct DeploymentRecord: Hashable, Sendable {
    /// Each deployment has at most one record.
    public let deployment: Deployment
    /// Sorted.
    public var addresses: [Address]
    /// In the order in which they were added.
    public var targets: [Target]

    /// A new one, or one as it was stored; `addresses` must be sorted.
    public init(deployment: Deployment, addresses: [Address], targets: [Target]) {
        self.deployment = deployment
        self.addresses = addresses
        self.targets = targets
    }
}

extension DeploymentRecord: Record {
    static let table = Table.deployment

    func write(to writer: inout RecordWriter) {
        writer.put(deployment.description)
        writer.put(list: addresses) { $0.put($1.description) }
        writer.put(list: targets) { $1.write(to: &$0) }
    }

    init(reading reader: inout RecordReader) throws(MalformedRecord) {
        self.init(
            deployment: try reader.deployment(),
            addresses: try reader.list { reader throws(MalformedRecord) in try reader.address() },
            targets: try reader.list { reader throws(MalformedRecord) in try Target(reading: &reader) })
    }
}

extension Target {
    fileprivate func write(to writer: inout RecordWriter) {
        writer.put(path)
        writer.put(preset)
        writer.put(reader)
        writer.put(mode) { $0.put(number: $1) }
        writer.put(owner)
        writer.put(group)
        writer.put(list: hook) { $0.put($1) }
        writer.put(isInPlace)
        writer.put(list: delivery.versions.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }) {
            $0.put($1.key)
            $0.put($1.value)
        }
        writer.put(list: delivery.names) { $0.put($1) }
        writer.put(delivery.writtenAt)
        writer.put(delivery.readBackAt)
        writer.put(delivery.hookRunAt)
        writer.put(delivery.isHookDue)
        writer.put(delivery.problem) { $0.put($1.rawValue) }
        writer.put(delivery.attributes) {
            $0.put(number: $1.mode)
            $0.put(number: $1.owner)
            $0.put(number: $1.group)
            $0.put($1.accessList) { $0.put($1) }
        }
    }

    fileprivate init(reading reader: inout RecordReader) throws(MalformedRecord) {
        self.init(
            path: try reader.text(), preset: try reader.text(), reader: try reader.text(),
            mode: try reader.optional { reader throws(MalformedRecord) in try reader.number(UInt32.self) },
            owner: try reader.optionalText(), group: try reader.optionalText(),
            hook: try reader.list { reader throws(MalformedRecord) in try reader.text() },
            isInPlace: try reader.flag())
        for _ in 0..<(try reader.number(UInt32.self)) {
            delivery.versions[try reader.credentialID()] = try reader.integer()
        }
        delivery.names = try reader.list { reader throws(MalformedRecord) in try reader.text() }
        delivery.writtenAt = try reader.optionalTime()
        delivery.readBackAt = try reader.optionalTime()
        delivery.hookRunAt = try reader.optionalTime()
        delivery.isHookDue = try reader.flag()
        delivery.problem = try reader.optional { reader throws(MalformedRecord) in
            guard let problem = DeliveryProblem(rawValue: try reader.byte()) else { throw MalformedRecord() }
            return problem
        }
        delivery.attributes = try reader.optional { reader throws(MalformedRecord) in
            DeliveredAttributes(
                mode: try reader.number(), owner: try reader.number(), group: try reader.number(),
                accessList: try reader.optional { reader throws(MalformedRecord) in
                    try reader.fixed(Int(try reader.number(UInt32.self)))
                })
        }
    }
}
