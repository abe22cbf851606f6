public import Credentials
internal import Sealing
public import Vault

/// A key that was issued, kept in a file, and is in the vault now.
public struct TakenIn: Sendable {
    /// Where the file was; it is removed.
    public let path: String
    /// The first address of the key's credential.
    public let address: Address
    /// The number that the key has as a version of its credential.
    public let version: Int
    /// By the clock of the machine that asked for the key.
    public let issuedAt: Timestamp
    /// It is the key that a rotation waits for, which goes on with it.
    public let isStaged: Bool
}

/// A file that may have an issued key, and stays where it is.
public struct LeftOutside: Sendable {
    /// Why a file was not taken in.
    public enum Reason: Sendable {
        /// A rotation of its credential is under way in another process.
        case busy
        /// There is no such credential any more.
        case credentialGone
        /// It is another vault's, or it was changed.
        case unknown
        /// The file could not be read, or the vault not be written.
        case storage(VaultError)
    }

    /// Where the file lies.
    public let path: String
    /// Why it was not taken in.
    public let reason: Reason
}

extension RotationMachine {
    /// Takes in what somebody had to leave in an emergency file: as the key of the rotation that waits for one, else as
    /// a kept version of its credential, which `rotate --to` proves and makes current.
    /// - Returns: what was taken in, and the files that could not be.
    public func takeInEmergencyFiles() -> (taken: [TakenIn], left: [LeftOutside]) {
        var taken: [TakenIn] = []
        var left: [LeftOutside] = []
        for file in store.vault.emergencyFiles() {
            do {
                // Its maker is still at work.
                guard let claim = try file.claim() else { continue }
                defer { withExtendedLifetime(claim) {} }
                switch try file.content() {
                case .nothing: file.remove()
                case .unknown: left.append(LeftOutside(path: file.path, reason: .unknown))
                case .values(let values):
                    if let found = try takeIn(values, file.path) { taken.append(found) }
                    file.remove()
                }
            } catch {
                left.append(LeftOutside(path: file.path, reason: Self.reason(error)))
            }
        }
        return (taken, left)
    }

    private static func reason(_ error: any Error) -> LeftOutside.Reason {
        switch error {
        case let error as VaultError: return .storage(error)
        case OperationError.heldByAnother: return .busy
        case OperationError.vault(.cancelled): return .credentialGone
        case OperationError.vault(let error): return .storage(error)
        default: return .unknown
        }
    }

    /// - Returns: nil where the vault had the values already.
    private func takeIn(_ issued: IssuedValues, _ path: String) throws(OperationError) -> TakenIn? {
        try store.withRotationLock(issued.credential) { () throws(OperationError) in
            try store.write { transaction throws(VaultError) in try takeIn(issued, path, transaction) }
        }
    }

    private func takeIn(
        _ issued: IssuedValues, _ path: String, _ transaction: Transaction
    ) throws(VaultError) -> TakenIn? {
        guard var credential = try transaction.snapshot.credentialIfKnown(issued.credential),
            let address = credential.addresses.first
        else { throw .cancelled }
        let isKnown = credential.versions.contains { version in
            issued.values.allSatisfy {
                version.fingerprints[$0.field] == transaction.snapshot.fingerprint(of: $0.value)
            }
        }
        guard !isKnown else { return nil }
        let number = (credential.versions.map(\.number).max() ?? 0) + 1
        let journal = try transaction.snapshot.rotation(of: credential.id)
        let awaiting = journal.flatMap { Self.awaits($0, issued, credential) ? $0 : nil }
        var version = Version(
            number: number, state: awaiting == nil ? .previous : .pending, createdAt: issued.at,
            expiresAt: issued.expires,
            plain: credential.current?.plain ?? [:], fingerprints: [:])
        for (field, value) in issued.values {
            version.fingerprints[field] = try transaction.put(
                secret: value, field: field, version: number, of: credential.id)
        }
        credential.versions.append(version)
        try transaction.put(credential)
        if var rotation = awaiting {
            rotation.newVersion = number
            rotation.enter(.staged, at: store.now())
            try transaction.put(rotation)
        }
        try transaction.log(
            store.entry(.rotate, address.description, .takenIn(version: number)))
        return TakenIn(
            path: path, address: address, version: number, issuedAt: issued.at, isStaged: awaiting != nil)
    }

    /// Whether a rotation was begun for these values, and waits for them.
    private static func awaits(_ rotation: Rotation, _ issued: IssuedValues, _ credential: Credential) -> Bool {
        guard let begun = rotation.steps.first else { return false }
        return rotation.state == .planned && rotation.oldVersion == credential.current?.number
            && credential.version(in: .pending) == nil && begun.at <= issued.at
    }
}
