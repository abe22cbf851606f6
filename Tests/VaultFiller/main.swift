import Credentials
import Foundation
import Sealing
import Vault

/// Fills a vault with made-up credentials for `Scripts/bench`: `vault-filler VAULT IDENTITY STATE-DIRECTORY COUNT
/// [BASE-URL]`.
let arguments = CommandLine.arguments
guard (5...6).contains(arguments.count), let count = Int(arguments[4]) else { exit(64) }
let content = try Data(contentsOf: URL(filePath: arguments[2]))
guard let identity = IdentityFile.identity(from: SecretBytes(content)) else { exit(77) }
try FileManager.default.createDirectory(atPath: arguments[3], withIntermediateDirectories: true)
let vault = try VaultFile(path: arguments[1]).open(with: .identity(identity), stateDirectory: arguments[3])

let terms = Terms(
    label: "Domain Name API",
    fields: [
        Field(
            name: "reseller_id", label: "Reseller ID", isSecret: false, isOptional: false, role: .user,
            pattern: "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$", variable: "RESELLER_ID"),
        Field(
            name: "api_key", label: "API key", isSecret: true, isOptional: false, role: .key, pattern: nil,
            variable: "KEY"),
    ], baseURL: arguments.count == 6 ? arguments[5] : "https://api.example.invalid/api/v1", isTest: false,
    variablePrefix: "DOMAINNAMEAPI", mode: .cutover,
    maxAge: .days(180), lifetime: nil, activationWindow: Span(seconds: 120),
    panelPath: "My Account > Reseller Settings > Integration Details")

let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
for start in stride(from: 0, to: count, by: 10_000) {
    try vault.write { transaction throws(VaultError) in
        for number in start..<min(count, start + 10_000) {
            guard let address = try? Address("app\(number)/live/domainnameapi") else { return }
            var credential = Credential(
                id: .random(), provider: "domainnameapi", environment: "live", terms: terms, hasOwnBaseURL: false,
                bindings: [Binding(address: address, prefix: nil)],
                versions: [
                    Version(
                        number: 1, state: .current, createdAt: now, activatedAt: now, provedAt: now,
                        plain: ["reseller_id": "00000000-0000-4000-8000-000000000001"], fingerprints: [:])
                ])
            let fingerprint = try transaction.put(
                secret: SecretBytes("fake-live-key-\(number)".utf8), field: "api_key", version: 1, of: credential.id)
            credential.update(version: 1) { $0.fingerprints["api_key"] = fingerprint }
            try transaction.put(credential)
        }
    }
}
