internal import Credentials
internal import Sealing

/// The rows that things are kept in, by what they are called.
struct RowNames: Sendable {
    let key: SecretBytes

    func address(_ address: Address) -> RowID { row(.address, Array(address.description.utf8)) }

    func deployment(_ deployment: Deployment) -> RowID { row(.deployment, Array(deployment.description.utf8)) }

    func secret(_ id: CredentialID, _ version: Int, _ field: String) -> RowID {
        let number = withUnsafeBytes(of: Int64(version).littleEndian) { Array($0) }
        return row(.secret, id.bytes + number + Array(field.utf8))
    }

    func fingerprint(_ fingerprint: Fingerprint) -> RowID { row(.fingerprint, fingerprint.bytes) }

    func rotation(_ id: CredentialID) -> RowID { row(.rotation, id.bytes) }

    func control(_ provider: String, _ environment: String, _ endpoint: String) -> RowID {
        let name = [provider, environment, endpoint].map { Array($0.utf8) }.joined(separator: [0])
        return row(.control, Array(name))
    }

    func attempt(_ host: String) -> RowID { row(.attempt, Array(host.utf8)) }

    var policy: RowID { row(.policy, []) }

    private func row(_ table: Table, _ name: [UInt8]) -> RowID { RowID(table, named: name, key: key) }
}
