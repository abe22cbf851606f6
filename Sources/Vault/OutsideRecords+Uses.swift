public import Credentials
internal import Glibc
internal import Sealing

/// Which deployments were read on this machine, by `env` or `exec`, and when: an observation, so it lies outside the
/// vault, and losing it loses nothing else.
extension OutsideRecords {
    /// `deployment's hash (16) ‖ time (8) ‖ keyed hash of both (16)`.
    private static let useCount = 40
    /// More are not kept; nobody has so many.
    private static let mostUses = 16_384
    /// A use is written down once in so long, so that reading often costs nothing.
    private static let pause = Span.days(1)

    /// Keeps that a deployment was read. That it could not be written is nobody's loss.
    func noteUse(of deployment: Deployment, at time: Timestamp) {
        let id = useID(of: deployment)
        _ = try? StateFile.with(usedPath, for: .changing) { file throws(VaultError) in
            let content = try file.bytes(atMost: Self.useCount * Self.mostUses)
            let place = stride(from: 0, to: content.count - Self.useCount + 1, by: Self.useCount)
                .first { content[$0..<$0 + SixteenBytes.count].elementsEqual(id) }
            if let place, let last = use(content[place..<place + Self.useCount]), time - last < Self.pause, last <= time
            {
                return
            }
            let end = content.count - content.count % Self.useCount
            guard place != nil || end < Self.useCount * Self.mostUses else { return }
            try file.write(useRecord(id, time), at: place ?? end)
        }
    }

    /// When deployments were last read, by the hashes of their names. What is not ours is left out.
    func uses() -> [[UInt8]: Timestamp] {
        let content = try? StateFile.with(usedPath, for: .reading) { file throws(VaultError) in
            try file.bytes(atMost: Self.useCount * Self.mostUses)
        }
        guard let content else { return [:] }
        var uses: [[UInt8]: Timestamp] = [:]
        for place in stride(from: 0, to: content.count - Self.useCount + 1, by: Self.useCount) {
            let record = content[place..<place + Self.useCount]
            if let time = use(record) { uses[Array(record.prefix(SixteenBytes.count))] = time }
        }
        return uses
    }

    /// What a deployment is called there: its name is sealed in the vault.
    func useID(of deployment: Deployment) -> [UInt8] {
        Array(
            KeyedHash.hash(Array("rekeep used deployment".utf8) + vault + Array(deployment.description.utf8), key: key)
                .prefix(SixteenBytes.count))
    }

    private func useRecord(_ id: [UInt8], _ time: Timestamp) -> [UInt8] {
        var writer = RecordWriter()
        writer.put(fixed: id)
        writer.put(time)
        let mark = KeyedHash.hash(Array("rekeep used".utf8) + vault + writer.bytes, key: key)
        writer.put(fixed: Array(mark.prefix(SixteenBytes.count)))
        return writer.bytes
    }

    /// - Returns: nil for what was not written by a holder of the vault.
    private func use(_ record: ArraySlice<UInt8>) -> Timestamp? {
        var reader = RecordReader(Array(record))
        guard let id = try? reader.fixed(SixteenBytes.count), let time = try? reader.time(),
            useRecord(id, time).elementsEqual(record)
        else { return nil }
        return time
    }
}

extension OpenVault {
    /// Keeps, on this machine, that a deployment's values were read.
    public func noteUse(of deployment: Deployment, at time: Timestamp) { state.noteUse(of: deployment, at: time) }

    /// Tells when a deployment's values were last read on this machine; nil when that is not known.
    public func lastUse() -> (Deployment) -> Timestamp? {
        let uses = state.uses()
        return { uses.isEmpty ? nil : uses[self.state.useID(of: $0)] }
    }
}
