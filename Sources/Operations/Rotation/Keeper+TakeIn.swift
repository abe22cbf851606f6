public import Credentials
internal import Sealing
internal import Vault

/// A key that was issued, kept in a file, and is in the vault now.
public struct TakenIn: Sendable {
    public let path: String
    public let address: Address
    public let version: Int
    public let issuedAt: Timestamp
}

extension Keeper {
    /// Takes in what somebody had to leave in an emergency file, as a kept version of its credential: `rotate --to`
    /// proves it and makes it current.
    /// - Returns: what was taken in, and the files that could not be.
    public func takeInEmergencyFiles() -> (taken: [TakenIn], left: [String]) {
        var taken: [TakenIn] = []
        var left: [String] = []
        for file in vault.emergencyFiles() {
            // Its maker is still at work.
            guard let claim = file.claim() else { continue }
            defer { withExtendedLifetime(claim) {} }
            do {
                guard let values = try file.values() else {
                    if file.isBlank { file.remove() } else { left.append(file.path) }
                    continue
                }
                if let found = try takeIn(values, file.path) { taken.append(found) }
                file.remove()
            } catch {
                left.append(file.path)
            }
        }
        return (taken, left)
    }

    /// - Returns: nil where the vault had the values already.
    private func takeIn(_ issued: IssuedValues, _ path: String) throws(OperationError) -> TakenIn? {
        let lock = try rotationLock(issued.credential)
        defer { withExtendedLifetime(lock) {} }
        return try write { transaction throws(VaultError) in
            guard var credential = try transaction.snapshot.credentialIfKnown(issued.credential),
                let address = credential.addresses.first
            else { throw .givenUp }
            let isKnown = credential.versions.contains { version in
                issued.values.allSatisfy {
                    version.fingerprints[$0.field] == transaction.snapshot.fingerprint(of: $0.value)
                }
            }
            guard !isKnown else { return nil }
            let number = (credential.versions.map(\.number).max() ?? 0) + 1
            var version = Version(
                number: number, state: .previous, createdAt: issued.at, expiresAt: issued.expires,
                plain: credential.current?.plain ?? [:], fingerprints: [:])
            for (field, value) in issued.values {
                version.fingerprints[field] = try transaction.put(
                    secret: value, field: field, version: number, of: credential.id)
            }
            credential.versions.append(version)
            try transaction.put(credential)
            try transaction.log(
                entry("rotate", address.description, "took in version \(number) from an emergency file"))
            return TakenIn(path: path, address: address, version: number, issuedAt: issued.at)
        }
    }
}
