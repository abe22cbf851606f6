public import Credentials
internal import Files
internal import Glibc
public import Sealing

/// Values that a provider has issued and that are nowhere else yet.
public struct IssuedValues: Sendable {
    /// The credential for which they were issued.
    public let credential: CredentialID
    /// By field name, sorted.
    public let values: [(field: String, value: SecretBytes)]
    /// When the provider ends them, if it said so.
    public let expires: Timestamp?
    /// When they were issued, by the clock of the machine that asked for them.
    public let at: Timestamp

    /// Sorts the values by field name.
    public init(credential: CredentialID, values: [String: SecretBytes], expires: Timestamp?, at: Timestamp) {
        self.credential = credential
        self.values = values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        self.expires = expires
        self.at = at
    }

    fileprivate var plainForm: SecretBytes {
        var head = RecordWriter()
        head.put(UInt8(1))
        head.put(credential)
        head.put(at)
        head.put(expires)
        head.put(number: UInt32(values.count))
        var writer = SecretWriter(capacity: 1024)
        writer.append(head.bytes)
        for (field, value) in values {
            var name = RecordWriter()
            name.put(field)
            name.put(number: UInt32(value.count))
            writer.append(name.bytes)
            value.withBytes { writer.append($0) }
        }
        return writer.finish()
    }

    /// - Throws: when it has another form.
    fileprivate init(plainForm: SecretBytes) throws(MalformedRecord) {
        // What is not secret is read from a copy in which the values are blank.
        var position = 0
        func take(_ count: Int) throws(MalformedRecord) -> Range<Int> {
            guard count >= 0, count <= plainForm.count - position else { throw MalformedRecord() }
            defer { position += count }
            return position..<position + count
        }
        func bytes(_ count: Int) throws(MalformedRecord) -> [UInt8] {
            let range = try take(count)
            return plainForm.withBytes { Array($0[range]) }
        }
        func length() throws(MalformedRecord) -> Int {
            var reader = RecordReader(try bytes(4))
            return Int(try reader.number(UInt32.self))
        }
        guard try bytes(1) == [1] else { throw MalformedRecord() }
        var head = RecordReader(try bytes(CredentialID.count + 8))
        credential = try head.credentialID()
        at = try head.time()
        var flag = RecordReader(try bytes(1))
        if try flag.flag() {
            var end = RecordReader(try bytes(8))
            expires = try end.time()
        } else {
            expires = nil
        }
        var values: [(field: String, value: SecretBytes)] = []
        for _ in 0..<(try length()) {
            let name = try bytes(try length())
            guard let field = String(validating: name, as: UTF8.self) else { throw MalformedRecord() }
            values.append((field, plainForm[try take(try length())]))
        }
        guard position == plainForm.count else { throw MalformedRecord() }
        self.values = values
    }
}

/// A file for a key that the vault cannot take: sealed to the vault, and written with its whole size before the provider
/// is asked for the key, so that a disk that fills meanwhile does not matter.
public struct EmergencyFile {
    /// In the state directory, or beside the vault.
    public let path: String
    /// Held by its maker as long as that is at work.
    private let claimed: Claim?
    private let directory: String
    private let keys: LastingKeys
    private let vault: [UInt8]
    /// In bytes: more than any values that a provider issues take.
    private static let size = 64 * 1024
    private static let ending = ".key"
    /// The length in one that was never filled.
    private static let mark: [UInt8] = [0, 0, 0, 0]

    /// What an emergency file was found to hold.
    public enum Content {
        /// Its maker ended before the room was whole, or before there was a key.
        case nothing
        case values(IssuedValues)
        /// It does not open: another vault's, or changed.
        case unknown
    }

    fileprivate init(path: String, directory: String, keys: LastingKeys, vault: [UInt8], claimed: Claim? = nil) {
        self.path = path
        self.claimed = claimed
        self.directory = directory
        self.keys = keys
        self.vault = vault
    }

    fileprivate static func reserve(
        in directory: String, _ keys: LastingKeys, _ vault: [UInt8]
    ) throws(VaultError) -> EmergencyFile {
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw .notAccessible(path: directory, errno: errno)
        }
        let path = directory + "/" + Hexadecimal.text(Randomness.bytes(8)) + ending
        guard let claim = Claim.of(path, isNew: true) else { throw .notAccessible(path: path, errno: errno) }
        let file = EmergencyFile(path: path, directory: directory, keys: keys, vault: vault, claimed: claim)
        do throws(VaultError) {
            // Bytes that cannot be stored in less, whatever the file system does with zeros.
            try file.write(mark + Randomness.bytes(size - mark.count))
            try sync(directory)
            return file
        } catch {
            file.remove()
            throw error
        }
    }

    /// Puts the values where room was kept for them.
    /// - Throws: `notAccessible`, `diskFull`.
    public func fill(_ values: IssuedValues) throws(VaultError) {
        let sealed = AEAD.seal(values.plainForm, with: keys.emergency, binding: context)
        let head = withUnsafeBytes(of: UInt32(sealed.count).littleEndian) { Array($0) }
        try write(head + sealed)
    }

    /// - Throws: `recordRefused` when it could be somebody else's; `notAccessible`.
    public func content() throws(VaultError) -> Content {
        let content = try StateFile.with(path, for: .reading) { file throws(VaultError) in
            try file.bytes(atMost: 4 * Self.size)
        }
        guard let content, content.count >= Self.mark.count, !content.starts(with: Self.mark) else { return .nothing }
        let count = content.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
        guard count <= content.count - 4,
            let plain = try? AEAD.openSecret(Array(content[4..<4 + count]), with: keys.emergency, binding: context),
            let values = try? IssuedValues(plainForm: plain)
        else { return .unknown }
        return .values(values)
    }

    /// A hold on a file whose maker is gone; nil while that is at work, or where the file has gone.
    /// - Throws: `recordRefused` for a link, `notAccessible`.
    public func claim() throws(VaultError) -> Claim? {
        if let claim = Claim.of(path, isNew: false) { return claim }
        switch errno {
        case EWOULDBLOCK, ENOENT: return nil
        case ELOOP: throw .recordRefused(path: path, .foreign(.link))
        case let code: throw .notAccessible(path: path, errno: code)
        }
    }

    /// Takes the file away, and its directory with the last one.
    public func remove() {
        unlink(path)
        rmdir(directory)
    }

    private var context: [UInt8] { SealContext.of("rekeep emergency file", in: vault) }

    private func write(_ bytes: [UInt8]) throws(VaultError) {
        do throws(VaultError) {
            _ = try StateFile.with(path, for: .changing) { file throws(VaultError) in
                try file.write(bytes, at: 0)
                try file.sync()
            }
        } catch .notAccessible(_, ENOSPC) {
            throw .diskFull
        } catch .notAccessible(_, EDQUOT) {
            throw .diskFull
        }
    }

    private static func sync(_ directory: String) throws(VaultError) {
        do {
            try Directories.sync(directory)
        } catch {
            throw .notAccessible(path: directory, errno: error.code)
        }
    }

    /// Those in a directory, whatever is in them.
    fileprivate static func all(in directory: String, _ keys: LastingKeys, _ vault: [UInt8]) -> [EmergencyFile] {
        Directories.names(in: directory).filter { $0.hasSuffix(ending) }.map {
            EmergencyFile(path: directory + "/" + $0, directory: directory, keys: keys, vault: vault)
        }
    }
}

/// A lock on an emergency file that the kernel drops with its holder.
public final class Claim: Sendable {
    private let descriptor: Int32

    /// Nil, with `errno` set, when it cannot be had.
    fileprivate static func of(_ path: String, isNew: Bool) -> Claim? {
        let flags = isNew ? O_RDWR | O_CREAT | O_EXCL : O_RDONLY
        let descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let cause = errno
            close(descriptor)
            errno = cause
            return nil
        }
        return Claim(descriptor)
    }

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        close(descriptor)
    }
}

extension OpenVault {
    /// Where emergency files are kept: with this machine's records, or where that is not possible beside the vault.
    private var emergencyDirectories: [String] {
        [state.emergencyDirectory, database.canonicalPath + ".emergency"]
    }

    /// Keeps room for a key that is about to be asked for.
    /// - Throws: `diskFull`, `notAccessible` when it can be kept nowhere.
    public func reserveEmergencyFile() throws(VaultError) -> EmergencyFile {
        var failure: VaultError?
        for directory in emergencyDirectories {
            do throws(VaultError) {
                return try EmergencyFile.reserve(in: directory, lasting, id)
            } catch {
                // The second place may lack it for no better reason.
                failure = failure ?? error
            }
        }
        throw failure ?? .diskFull
    }

    /// Those that somebody left, be they filled or not.
    public func emergencyFiles() -> [EmergencyFile] {
        emergencyDirectories.flatMap { EmergencyFile.all(in: $0, lasting, id) }
    }
}
