import Credentials
import Foundation
import Sealing
import Testing

@testable import Vault

/// Small vaults, each with one property or one fault, made by a second implementation of docs/format.md.
/// `Scripts/reader.py --vectors` tries the same ones.
struct VectorTests {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        struct Opener: Decodable, Sendable {
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

        var testDescription: String { name }
    }

    struct EmergencyVector: Decodable, Sendable, CustomTestStringConvertible {
        /// What a reader finds: values, "blank", or nothing that is this vault's.
        enum Found: Decodable, Sendable {
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

        var testDescription: String { name }
    }

    /// Where the second implementation has just made them.
    private static let directory: String = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
            .path
        let directory = root + "/.build/vectors"
        let maker = Process()
        maker.executableURL = URL(filePath: "/usr/bin/python3")
        maker.arguments = ["-I", root + "/Tests/Vectors/make.py", directory]
        try? maker.run()
        maker.waitUntilExit()
        return directory
    }()

    private static func listing<Listed: Decodable>(_ name: String) -> [Listed] {
        let content = try? Data(contentsOf: URL(filePath: directory + "/" + name))
        return content.flatMap { try? JSONDecoder().decode([Listed].self, from: $0) } ?? []
    }

    static let vectors: [Vector] = listing("vectors.json")
    static let emergencyVectors: [EmergencyVector] = listing("emergency.json")

    @Test func `there is a vector for every class of damage`() {
        #expect(Self.vectors.count > 500 && Self.emergencyVectors.count > 10)
        #expect(Set(Self.vectors.map(\.class)).count == 20)
    }

    @Test(arguments: vectors) func `a vector is read as the second implementation says`(_ vector: Vector) throws {
        let (found, values) = try Self.read(vector)
        #expect(found == vector.class, "\(vector.what)")
        if vector.class == "ok" { #expect(values == vector.values, "\(vector.what)") }
    }

    @Test(arguments: emergencyVectors)
    func `an emergency file is read as the second implementation says`(_ vector: EmergencyVector) throws {
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
            let texts = found.values.map { field, value in
                (field, value.withBytes { String(decoding: $0, as: UTF8.self) })
            }
            #expect(Dictionary(uniqueKeysWithValues: texts) == values, "\(vector.what)")
        case (.nothing, .word("blank")), (.unknown, nil): break
        default: Issue.record("\(vector.what)")
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
