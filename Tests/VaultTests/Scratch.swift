import Credentials
import Foundation
import Sealing

@testable import Vault

/// A vault in a directory of its own, opened by identity so that no test waits for Argon2id.
final class Scratch {
    let directory: String
    let pair: KeyPair
    var path: String { directory + "/vault.db" }
    var state: String { directory + "/state" }

    init(pair: KeyPair = .random()) throws {
        self.pair = pair
        directory = NSTemporaryDirectory() + "rekeep-vault-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory + "/state", withIntermediateDirectories: true)
        try VaultFile.create(
            at: path, slots: [.identity(publicKey: pair.publicKey)], now: Timestamp(seconds: 1_700_000_000))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    func open(with opener: Opener? = nil) throws -> OpenVault {
        try VaultFile(path: path).open(with: opener ?? .pair(pair), stateDirectory: state)
    }

    func address(_ text: String) throws(VaultError) -> Address {
        guard let address = try? Address(text) else { throw .cancelled }
        return address
    }

    func pattern(_ text: String) throws(VaultError) -> Pattern {
        guard let pattern = try? Pattern(text) else { throw .cancelled }
        return pattern
    }

    /// Runs SQL on the file, as an attacker with an editor would: our own door to SQLite opens no second file.
    func tamper(_ sql: String, on file: String? = nil) throws {
        let words = ["sqlite3", file ?? path, "PRAGMA writable_schema = ON; " + sql]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        var status: Int32 = -1
        guard posix_spawnp(&process, "sqlite3", nil, nil, arguments, environ) == 0,
            waitpid(process, &status, 0) == process, status == 0
        else { throw VaultError.cancelled }
    }

    func copy(to name: String) throws {
        try FileManager.default.copyItem(atPath: path, toPath: directory + "/" + name)
    }

    func putBack(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path)
        try copy(name, to: path)
    }

    private func copy(_ name: String, to path: String) throws {
        try FileManager.default.copyItem(atPath: directory + "/" + name, toPath: path)
    }

    /// Adds a credential with one secret; everything about it is recognisable in clear text.
    @discardableResult
    func add(_ text: String, key: String = "fake-key-canary", vault: OpenVault? = nil) throws -> Credential {
        let address = try Address(text)
        let vault = try vault ?? open()
        return try vault.write { transaction throws(VaultError) in
            var credential = Credential(
                id: .random(), provider: address.provider, environment: address.deployment.environment,
                terms: Scratch.terms, hasOwnBaseURL: false, bindings: [Binding(address: address, prefix: nil)],
                versions: [
                    Version(
                        number: 1, state: .current, createdAt: Timestamp(seconds: 1_700_000_000),
                        activatedAt: Timestamp(seconds: 1_700_000_000), plain: ["reseller_id": "plain-canary"],
                        fingerprints: [:])
                ], note: "note-canary")
            let fingerprint = try transaction.put(
                secret: SecretBytes(key.utf8), field: "api_key", version: 1, of: credential.id)
            credential.update(version: 1) { $0.fingerprints["api_key"] = fingerprint }
            try transaction.put(credential)
            try transaction.log(
                LogEntry(
                    at: Timestamp(seconds: 1_700_000_000), user: 0, host: "host-canary", action: .add, subject: text,
                    outcome: .done))
            return credential
        }
    }

    func secret(at text: String) throws -> SecretBytes {
        let address = try Address(text)
        return try open().read { snapshot throws(VaultError) in
            let credential = try snapshot.credential(at: address)
            guard let current = credential.current else { throw .damaged(.secret) }
            return try snapshot.secret("api_key", of: current, in: credential.id)
        }
    }

    static let terms = Terms(
        label: "Label canary",
        fields: [
            Field(
                name: "reseller_id", label: "Reseller ID", isSecret: false, isOptional: false, role: .user,
                pattern: nil,
                variable: "RESELLER_ID"),
            Field(
                name: "api_key", label: "API key", isSecret: true, isOptional: false, role: .key, pattern: nil,
                variable: "KEY"),
        ], baseURL: "https://canary.example", isTest: false, variablePrefix: "CANARY", mode: .cutover,
        maxAge: .days(180),
        lifetime: nil, activationWindow: Span(seconds: 120), panelPath: "panel-canary")
}

extension Opener {
    /// An identity that names no vault.
    static func pair(_ pair: KeyPair) -> Opener { .identity(Identity(pair: pair)) }
}
