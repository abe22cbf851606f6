internal import Credentials
internal import Glibc
internal import Sealing

/// What is kept of a vault outside of it: what was last seen of it here, so that an older copy or a fork is noticed,
/// and the fingerprints of retired secrets, so that a restored copy does not bring them back. Whoever controls both
/// places can still put both back.
struct OutsideRecords {
    private let seenPath: String
    private let retiredPath: String
    private let expectedPath: String
    let emergencyDirectory: String
    let usedPath: String
    let key: SecretBytes
    let vault: [UInt8]

    /// - Parameter key: the subkey that no re-keying changes.
    init(directory: String, vault: [UInt8], key: SecretBytes) {
        let base = directory + "/" + Hexadecimal.text(vault)
        seenPath = base + ".seen"
        retiredPath = base + ".retired"
        expectedPath = base + ".expected"
        emergencyDirectory = base + ".emergency"
        usedPath = base + ".used"
        self.vault = vault
        self.key = key
    }

    // MARK: What was last seen

    /// The file has two places for a record; the older one is written over, so that a write that is cut short leaves the
    /// newer one.
    private static let halfCount = 8192

    /// What is on record.
    struct Recollection {
        /// Nil when there is none.
        let seen: Seen?
        /// One of the two places holds something that was not written whole.
        let isTorn: Bool
    }

    /// - Parameter isKnown: the vault was used on this machine, so that there has to be a record.
    /// - Throws: `recordRefused` when there is none although there should be, when it is not authentic, or could be somebody
    ///   else's.
    func lastSeen(isKnown: Bool) throws(VaultError) -> Recollection {
        let found = try StateFile.with(seenPath, for: .reading) { file throws(VaultError) in
            if let found = try? recollection(in: file), !found.isTorn { return found }
            // Perhaps another process is writing it.
            try file.lock(shared: true)
            return try recollection(in: file)
        }
        if isKnown, found?.seen == nil { throw .recordRefused(path: seenPath, .missing) }
        return found ?? Recollection(seen: nil, isTorn: false)
    }

    /// Puts `seen` on record; never an older one instead of a newer one, unless `forced`.
    /// - Throws: `notAccessible`, `recordRefused`.
    func remember(_ seen: Seen, forced: Bool = false) throws(VaultError) {
        _ = try StateFile.with(seenPath, for: .changing) { file throws(VaultError) in
            // Writers of several processes take turns.
            try file.lock()
            let (known, isTorn) = forced ? (nil, false) : try newest(in: file)
            guard let known else {
                // Both places: nothing from before counts, and the next one that is torn leaves one.
                try file.write(record(seen), at: 0)
                try file.write(record(seen), at: Self.halfCount)
                // A file that a power cut left empty would be missed.
                return try file.sync()
            }
            // What is torn is written over, whenever the other was written.
            if isTorn { return try file.write(record(seen), at: (1 - known.half) * Self.halfCount) }
            if known.seen.generation >= seen.generation { return }
            try file.write(record(seen), at: try half(besides: known.half, in: file) * Self.halfCount)
        }
    }

    /// Puts on record what a restore is about to put in place of the vault, so that it is known again if the restore is
    /// killed right after it.
    /// - Throws: `notAccessible`, `recordRefused`.
    func expect(_ next: Seen) throws(VaultError) {
        let now = try lastSeenIfWhole()
        _ = try StateFile.with(expectedPath, for: .changing) { file throws(VaultError) in
            try file.write(expectation(of: next.generation, next.header, after: now), at: 0)
            try file.sync()
        }
    }

    /// True when a restore was about to put exactly this there, and nothing was seen since.
    func expects(_ generation: UInt64, header: [UInt8], after seen: Seen) throws(VaultError) -> Bool {
        let wanted = expectation(of: generation, header, after: seen)
        return try StateFile.with(expectedPath, for: .reading) { file throws(VaultError) in
            SecretBytes(try file.bytes(atMost: wanted.count)) == SecretBytes(wanted)
        } ?? false
    }

    private func lastSeenIfWhole() throws(VaultError) -> Seen? {
        do throws(VaultError) {
            return try lastSeen(isKnown: false).seen
        } catch {
            guard case .recordRefused(_, .forged) = error else { throw error }
            return nil
        }
    }

    private func expectation(of generation: UInt64, _ header: [UInt8], after seen: Seen?) -> [UInt8] {
        var writer = RecordWriter()
        writer.put(number: generation)
        writer.put(fixed: header)
        writer.put(number: seen?.generation ?? 0)
        writer.put(fixed: seen?.header ?? [UInt8](repeating: 0, count: KeyedHash.checksumCount))
        return KeyedHash.hash(Array("rekeep expected".utf8) + vault + writer.bytes, key: key)
    }

    /// The vault that was expected is there, and remembered.
    func forgetExpected() { unlink(expectedPath) }

    private func recollection(in file: StateFile) throws(VaultError) -> Recollection {
        let (known, isTorn) = try newest(in: file)
        return Recollection(seen: known?.seen, isTorn: isTorn)
    }

    /// Where to write next: over the older record, if the newer one has surely reached the disk, so that a power cut never
    /// finds both half written. That costs no sync.
    private func half(besides newest: Int, in file: StateFile) throws(VaultError) -> Int {
        try file.secondsSinceChange() > Self.secondsToDisk ? 1 - newest : newest
    }

    /// Linux writes what was changed to the disk after 30 seconds, and looks every 5 (vm.dirty_expire_centisecs).
    private static let secondsToDisk: Int64 = 60

    /// The newest record that is whole, and whether one is not.
    /// - Throws: `recordRefused` when there is something and none of it is whole: it may as well be forged, or another
    ///   vault's.
    private func newest(in file: StateFile) throws(VaultError) -> (known: (seen: Seen, half: Int)?, isTorn: Bool) {
        var known: (seen: Seen, half: Int)?
        var isTorn = false
        for half in [0, 1] {
            let start = half * Self.halfCount
            let front = try file.bytes(atMost: 4, from: start)
            guard front.contains(where: { $0 != 0 }) else { continue }
            var reader = RecordReader(front)
            let count = min((try? Int(reader.number(UInt32.self))) ?? 0, Self.halfCount)
            let bytes = try file.bytes(atMost: 4 + count + KeyedHash.checksumCount, from: start)
            guard let seen = seen(in: bytes) else {
                isTorn = true
                continue
            }
            if seen.generation >= known?.seen.generation ?? 0 { known = (seen, half) }
        }
        guard known != nil || !isTorn else { throw .recordRefused(path: seenPath, .forged) }
        return (known, isTorn)
    }

    private func seen(in bytes: [UInt8]) -> Seen? {
        var reader = RecordReader(bytes)
        guard let count = try? Int(reader.number(UInt32.self)), let form = try? reader.fixed(count),
            let code = try? reader.fixed(KeyedHash.checksumCount),
            SecretBytes(code) == SecretBytes(authentication(of: form))
        else { return nil }
        return try? Seen(plainForm: form)
    }

    private func record(_ seen: Seen) -> [UInt8] {
        var writer = RecordWriter()
        let form = seen.plainForm
        writer.put(form)
        writer.put(fixed: authentication(of: form))
        return writer.bytes
    }

    private func authentication(of form: [UInt8]) -> [UInt8] {
        KeyedHash.hash(Array("rekeep last seen".utf8) + vault + form, key: key)
    }

    // MARK: Retired secrets

    private static let retiredCount = Fingerprint.count + CredentialID.count + 32

    /// What is on record, in the order of retirement.
    func retired() throws(VaultError) -> [RetiredSecret] {
        try StateFile.with(retiredPath, for: .reading) { file throws(VaultError) in try retired(in: file) } ?? []
    }

    /// Adds what is not there yet, durably.
    func retire(_ secrets: [RetiredSecret]) throws(VaultError) {
        guard !secrets.isEmpty else { return }
        _ = try StateFile.with(retiredPath, for: .changing) { file throws(VaultError) in
            try file.lock()
            var known = try retired(in: file)
            let end = known.count * Self.retiredCount
            var records: [UInt8] = []
            for secret in secrets where !known.contains(secret) {
                records += record(secret)
                known.append(secret)
            }
            // A record that a crash cut short is written over.
            try file.write(records, at: end)
            try file.sync()
        }
    }

    private func retired(in file: StateFile) throws(VaultError) -> [RetiredSecret] {
        var secrets: [RetiredSecret] = []
        var bytes = [UInt8](repeating: 0, count: Self.retiredCount)
        var position: off_t = 0
        while pread(file.descriptor, &bytes, bytes.count, position) == bytes.count {
            guard let fingerprint = Fingerprint(bytes: Array(bytes[0..<16])),
                let credential = CredentialID(bytes: Array(bytes[16..<32]))
            else { throw .recordRefused(path: retiredPath, .forged) }
            let secret = RetiredSecret(fingerprint: fingerprint, credential: credential)
            guard SecretBytes(bytes) == SecretBytes(record(secret)) else {
                throw .recordRefused(path: retiredPath, .forged)
            }
            secrets.append(secret)
            position += off_t(bytes.count)
        }
        return secrets
    }

    /// Moves retired secrets away that are not this vault's, so that its own can be kept.
    /// - Throws: `notAccessible`.
    func setAsideForeignRetired() throws(VaultError) {
        do throws(VaultError) {
            _ = try retired()
        } catch .recordRefused {
            guard rename(retiredPath, retiredPath + ".distrusted") == 0 else {
                throw .notAccessible(path: retiredPath, errno: errno)
            }
        }
    }

    private func record(_ secret: RetiredSecret) -> [UInt8] {
        let content = secret.fingerprint.bytes + secret.credential.bytes
        return content + KeyedHash.hash(Array("rekeep retired".utf8) + vault + content, key: key)
    }
}

/// A secret that one credential will never use again. What another credential does with the same value is its own
/// affair: a key that was pasted in a wrong place and found dead there may live where it belongs.
struct RetiredSecret: Hashable {
    let fingerprint: Fingerprint
    let credential: CredentialID
}
