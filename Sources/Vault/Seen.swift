public import Credentials
internal import Sealing

/// What this machine last saw of a vault: its generation, and how the audit log ended. A newer vault has to contain
/// the end of the log at its place; else somebody went on from an earlier copy.
struct Seen: Equatable {
    /// An entry of the log, without what was done.
    struct Entry: Equatable {
        let number: Int64
        /// 16 bytes that no other entry has; they stay when the vault is re-keyed.
        let mark: [UInt8]
        let point: LogPoint
    }

    let generation: UInt64
    /// The checksum of the sealed header: two vaults of one generation have the same, or are two vaults.
    let header: [UInt8]
    /// The newest last.
    let entries: [Entry]
    static let most = 64

    init(generation: UInt64, header: [UInt8], entries: [Entry]) {
        self.generation = generation
        self.header = header
        self.entries = Array(entries.suffix(Self.most))
    }

    var plainForm: [UInt8] {
        var writer = RecordWriter()
        writer.put(UInt8(1))
        writer.put(number: generation)
        writer.put(fixed: header)
        writer.put(list: entries) {
            $0.put(number: $1.number)
            $0.put(fixed: $1.mark)
            $0.put(number: $1.point.generation)
            $0.put($1.point.at)
            $0.put($1.point.host)
        }
        return writer.bytes
    }

    init(plainForm: [UInt8]) throws(MalformedRecord) {
        var reader = RecordReader(plainForm)
        guard try reader.byte() == 1 else { throw MalformedRecord() }
        let generation = try reader.number(UInt64.self)
        let header = try reader.fixed(KeyedHash.checksumCount)
        let entries = try reader.list { reader throws(MalformedRecord) in
            Entry(
                number: try reader.number(), mark: try reader.fixed(LogRecord.markCount),
                point: LogPoint(
                    generation: try reader.number(), at: try reader.time(), host: try reader.text()))
        }
        guard reader.isAtEnd, entries.count <= Self.most else { throw MalformedRecord() }
        self.init(generation: generation, header: header, entries: entries)
    }
}

/// When and where an entry of the log was made.
public struct LogPoint: Hashable, Sendable {
    /// The vault's generation with which the entry came.
    public let generation: UInt64
    /// By the clock of the machine that wrote the entry.
    public let at: Timestamp
    /// The name of that machine; shortened to 64 bytes where it comes from this machine's record.
    public let host: String

    /// A record of the newest entries has so many bytes and no more.
    fileprivate static func shortened(_ host: String) -> String {
        host.utf8.count <= 64 ? host : String(decoding: host.utf8.prefix(61), as: UTF8.self)
    }
}

/// Two copies of one vault, each of which went on by itself: what was done in one is not in the other.
public struct Fork: Hashable, Sendable {
    /// The generation of the vault that lies there.
    public let found: UInt64
    /// The generation of the vault that was seen last.
    public let lastSeen: UInt64
    /// The last entry that both have; nil when that was too long ago to tell.
    public let shared: LogPoint?
    /// The first entry of the vault that was seen, which the other does not have; nil when it is not known.
    public let seenWentOn: LogPoint?
    /// The first entry of the vault that lies there, which the one that was seen does not have.
    public let foundWentOn: LogPoint?
}

extension Snapshot {
    /// Makes sure that what was seen is part of this vault's past.
    /// - Parameter header: the header as it lies on disk.
    /// - Throws: `rolledBack`, `forked`; `damaged(.log)` when the log does not hang together from there on.
    func requireSuccession(of seen: Seen, header: [UInt8]) throws(VaultError) {
        guard generation >= seen.generation else {
            throw .rolledBack(found: generation, lastSeen: seen.generation)
        }
        if generation == seen.generation {
            guard seen.header == KeyedHash.checksum(header) else { throw .forked(try fork(from: seen)) }
            return
        }
        guard let last = seen.entries.last else { return }
        if store.header.logCount == last.number, store.header.logMark == last.mark { return }
        var contains = false
        if store.header.logCount >= last.number {
            try forEachLogRecord(from: last.number) { number, record in
                if number == last.number, record.mark == last.mark { contains = true }
            }
        }
        guard contains else { throw .forked(try fork(from: seen)) }
    }

    /// What to remember of this vault.
    /// - Parameters:
    ///   - seen: what was remembered of its past, so that only newer entries are read.
    ///   - header: the header as it lies on disk.
    func recollection(after seen: Seen?, header: [UInt8]) throws(VaultError) -> Seen {
        let known = seen?.entries.last?.number ?? 0
        var entries = seen?.entries ?? []
        let first = max(known, store.header.logCount - Int64(Seen.most)) + 1
        if first <= store.header.logCount {
            try forEachLogRecord(from: first) { number, record in
                entries.append(
                    Seen.Entry(
                        number: number, mark: record.mark,
                        point: LogPoint(
                            generation: record.generation, at: record.entry.at,
                            host: LogPoint.shortened(record.entry.host))))
            }
        }
        return Seen(generation: generation, header: KeyedHash.checksum(header), entries: entries)
    }

    private func fork(from seen: Seen) throws(VaultError) -> Fork {
        var own: [Int64: LogRecord] = [:]
        // The place where they part: what was remembered, and one more.
        if let first = seen.entries.first?.number, first <= store.header.logCount {
            try forEachLogRecord(from: first) { number, record in
                if number <= first + Int64(Seen.most) { own[number] = record }
            }
        }
        let shared = seen.entries.last { own[$0.number]?.mark == $0.mark }
        let next = (shared?.number).map { $0 + 1 }
        return Fork(
            found: generation, lastSeen: seen.generation, shared: shared?.point,
            seenWentOn: next.flatMap { next in seen.entries.first { $0.number == next }?.point },
            foundWentOn: next.flatMap { own[$0] }.map {
                LogPoint(generation: $0.generation, at: $0.entry.at, host: $0.entry.host)
            })
    }
}
