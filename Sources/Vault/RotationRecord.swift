internal import Credentials

extension Rotation: Record {
    static let table = Table.rotation

    func write(to writer: inout RecordWriter) {
        writer.put(credential)
        writer.put(address.description)
        writer.put(mode.rawValue)
        writer.put(oldVersion)
        writer.put(grace)
        writer.put(list: steps) {
            $0.put($1.state.rawValue)
            $0.put($1.at)
        }
        writer.put(newVersion) { $0.put($1) }
        for probe in [newKey, oldKey, control] {
            writer.put(probe) {
                $0.put($1.outcome.rawValue)
                $0.put($1.at)
            }
        }
        writer.put(oldKeyLastAlive) { $0.put(number: $1) }
        writer.put(oldKeyFirstDead) { $0.put(number: $1) }
        writer.put(graceUntil)
        writer.put(downtime) {
            $0.put(number: $1.least)
            $0.put(number: $1.most)
        }
    }

    init(reading reader: inout RecordReader) throws(MalformedRecord) {
        let credential = try reader.credentialID()
        let address = try reader.address()
        let mode = try reader.mode()
        let oldVersion = try reader.integer()
        let grace = try reader.span()
        let steps = try reader.list { reader throws(MalformedRecord) in
            guard let state = State(rawValue: try reader.byte()) else { throw MalformedRecord() }
            return Step(state: state, at: try reader.time())
        }
        guard
            let rotation = Rotation(
                credential: credential, address: address, mode: mode, oldVersion: oldVersion, grace: grace,
                steps: steps)
        else { throw MalformedRecord() }
        self = rotation
        newVersion = try reader.optional { reader throws(MalformedRecord) in try reader.integer() }
        newKey = try reader.probe()
        oldKey = try reader.probe()
        control = try reader.probe()
        oldKeyLastAlive = try reader.optional { reader throws(MalformedRecord) in try reader.number(Int64.self) }
        oldKeyFirstDead = try reader.optional { reader throws(MalformedRecord) in try reader.number(Int64.self) }
        graceUntil = try reader.optionalTime()
        downtime = try reader.optional { reader throws(MalformedRecord) in
            Downtime(least: try reader.number(Int64.self), most: try reader.number(Int64.self))
        }
    }
}

extension RecordReader {
    fileprivate mutating func probe() throws(MalformedRecord) -> Rotation.Probe? {
        try optional { reader throws(MalformedRecord) in
            Rotation.Probe(outcome: try reader.outcome(), at: try reader.time())
        }
    }
}
