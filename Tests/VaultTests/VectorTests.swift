import Credentials
import Foundation
import Sealing
import Testing

@testable import Vault

/// Small vaults, each with one property or one fault, made by a second implementation of docs/format.md.
/// `Scripts/reader.py --vectors` tries the same ones.
struct VectorTests {
    private struct Vector: Decodable {
        struct Opener: Decodable {
            let kind: String
            let text: String
        }

        let name: String
        let what: String
        let open: Opener
        /// The last-seen record, in hexadecimal.
        let seen: String?
        let `class`: String
        let values: [String: [String: String]]?
    }

    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Vectors")
        .standardizedFileURL.path

    @Test func `every vector is read as the second implementation says`() throws {
        let listing = try Data(contentsOf: URL(filePath: Self.directory + "/vectors.json"))
        let vectors = try JSONDecoder().decode([Vector].self, from: listing)
        #expect(vectors.count > 400)
        var classes: [String: Int] = [:]
        for vector in vectors {
            let (found, values) = try Self.read(vector)
            #expect(found == vector.class, "\(vector.name): \(vector.what)")
            if vector.class == "ok" { #expect(values == vector.values, "\(vector.name): \(vector.what)") }
            classes[vector.class, default: 0] += 1
        }
        #expect(classes.count == 20)
    }

    private struct EmergencyVector: Decodable {
        /// What a reader finds: values, "blank", or nothing that is this vault's.
        enum Found: Decodable {
            case values([String: String])
            case word(String)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let word = try? container.decode(String.self) {
                    self = .word(word)
                } else {
                    self = .values(try container.decode([String: String].self))
                }
            }
        }

        let name: String
        let what: String
        let vault: String
        let open: Vector.Opener
        let found: Found?
    }

    @Test func `every emergency file is read as the second implementation says`() throws {
        let listing = try Data(contentsOf: URL(filePath: Self.directory + "/emergency.json"))
        let vectors = try JSONDecoder().decode([EmergencyVector].self, from: listing)
        #expect(vectors.count > 10)
        for vector in vectors {
            let scratch = try Scratch()
            try FileManager.default.removeItem(atPath: scratch.path)
            try FileManager.default.copyItem(atPath: Self.directory + "/\(vector.vault).db", toPath: scratch.path)
            let directory = scratch.path + ".emergency"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            try FileManager.default.copyItem(
                atPath: Self.directory + "/emergency-\(vector.name).key", toPath: directory + "/one.key")
            let opener = try #require(Self.opener(vector.open))
            let vault = try VaultFile(path: scratch.path).open(with: opener, stateDirectory: scratch.state)
            let file = try #require(vault.emergencyFiles().first)
            switch (try file.content(), vector.found) {
            case (.values(let found), .values(let values)):
                let texts = found.values.map { entry in
                    (entry.field, entry.value.withBytes { String(decoding: $0, as: UTF8.self) })
                }
                #expect(Dictionary(uniqueKeysWithValues: texts) == values, "\(vector.name): \(vector.what)")
            case (.nothing, .word("blank")), (.unknown, nil): break
            default: Issue.record("\(vector.name): \(vector.what)")
            }
        }
    }

    private static func read(_ vector: Vector) throws -> (String, [String: [String: String]]) {
        let scratch = NSTemporaryDirectory() + "rekeep-vector-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        try FileManager.default.copyItem(atPath: directory + "/\(vector.name).db", toPath: scratch + "/v")
        guard let opener = opener(vector.open) else { return ("no-slot-fits", [:]) }
        do {
            let file = try VaultFile(path: scratch + "/v")
            if let seen = vector.seen {
                let id = file.id.map { String(format: "%02x", $0) }.joined()
                try bytes(seen).write(to: URL(filePath: scratch + "/\(id).seen"))
            }
            let vault = try file.open(with: opener, stateDirectory: scratch)
            var values: [String: [String: String]] = [:]
            let report = try vault.verify()
            guard report.findings.isEmpty else { return (report.findings.first?.name ?? "", [:]) }
            try vault.read { snapshot throws(VaultError) in
                try snapshot.forEachCredential { credential throws(VaultError) in
                    var fields: [String: String] = [:]
                    for name in credential.current?.fingerprints.names ?? [] {
                        guard let current = credential.current, !current.isRetired else { continue }
                        let secret = try snapshot.secret(name, of: current, in: credential.id)
                        fields[name] = secret.withBytes { String(decoding: $0, as: UTF8.self) }
                    }
                    for address in credential.addresses { values[address.description] = fields }
                }
            }
            return ("ok", values)
        } catch let error as VaultError {
            return (error.damageClass ?? "\(error)", [:])
        }
    }

    private static func bytes(_ hexadecimal: String) -> Data {
        var bytes = Data()
        var rest = hexadecimal[...]
        while rest.count >= 2 {
            bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// Nil for what cannot be an opener at all.
    private static func opener(_ opener: Vector.Opener) -> Opener? {
        let text = SecretBytes(opener.text.utf8)
        return switch opener.kind {
        case "passphrase": .passphrase(text)
        case "identity": IdentityFile.identity(from: text).map(Opener.identity)
        case "recovery": RecoveryCode(code: text).map(Opener.recovery)
        default:
            opener.text.allSatisfy(\.isHexDigit)
                ? KeyringKey(SecretBytes(bytes(opener.text))).map(Opener.keyring) : nil
        }
    }
}
