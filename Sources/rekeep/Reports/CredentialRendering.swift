import Credentials
import Operations
import Providers
import Sealing

/// What a change of a credential's addresses or remarks came to.
struct CredentialRendering {
    let credential: Credential

    func showAddresses(_ sentence: String, _ options: GlobalOptions, _ console: Console) {
        guard options.json else { return console.print(sentence) }
        console.print(
            JSON.object([
                ("addresses", .list(credential.addresses.map { .text($0.description) })),
                ("provider", .text(credential.provider)), ("environment", .text(credential.environment)),
            ]))
    }
}

/// What an `add` came to.
struct AddRendering {
    let report: AddReport

    func show(_ options: GlobalOptions, _ console: Console) {
        if options.json {
            let check = report.check.map { CheckRendering.json(report.address, report.credential, $0) }
            console.print(
                JSON.object([
                    ("address", .text(report.address.description)), ("version", .number(1)), ("check", check ?? .null),
                ]))
        } else if let check = report.check {
            let balance = CheckRendering.balance(check)
            console.print(
                "Stored \(report.address): \(CheckSentence.text(check, report.credential.terms))"
                    + (balance.isEmpty ? "." : ", balance \(balance)."))
        } else {
            console.print("Stored \(report.address), unproved.")
        }
        if report.check == nil { console.note("It was not tried; rekeep check \(report.address) tries it.") }
    }
}

/// Tells what was taken out of pasted values: code points and places, never the values.
struct RemovalRendering {
    let field: Field
    let removals: [Hygiene.Removal]

    func note(_ console: Console) {
        for removal in removals {
            console.note("\(field.label): removed \(Self.what(removal.what)) at character \(removal.position)")
        }
    }

    private static func what(_ what: Hygiene.Removal.What) -> String {
        switch what {
        case .invisible(let codePoint): "the invisible character " + name(codePoint)
        case .whiteSpace(let codePoint): "white space " + name(codePoint)
        case .quotes: "the surrounding quotes"
        case .bearerPrefix: "the prefix 'Bearer '"
        }
    }

    private static func name(_ codePoint: UInt32) -> String {
        let digits = String(codePoint, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

/// The fields and the history of one credential.
struct ShowRendering {
    let address: Address
    let credential: Credential
    /// The one whose values are shown.
    let version: Version?
    let names: [String]
    let reveal: Bool

    /// - Parameter value: reads one field's current value.
    func show(_ options: GlobalOptions, _ console: Console, value: (String) throws -> SecretBytes) throws {
        let secrets = Set(credential.terms.secretFields.map(\.name))
        if options.json { return try showJSON(secrets, console, value) }
        console.print(address.description)
        let width = names.map(\.count).max() ?? 0
        for name in names where secrets.contains(name) || version?.plain[name] != nil {
            let label = "  " + name + String(repeating: " ", count: width - name.count) + "  "
            if secrets.contains(name) && !reveal {
                console.print(label + Mask.text)
            } else {
                var line = SecretWriter()
                line.append(label.utf8)
                try value(name).withBytes { line.append($0) }
                console.print(line: line.finish())
            }
        }
        let others = credential.addresses.filter { $0 != address }
        if !others.isEmpty { console.print("  also at: " + others.map(\.description).joined(separator: ", ")) }
        console.print("  base URL: " + credential.terms.baseURL)
        if !credential.account.isEmpty { console.print("  account: " + credential.account) }
        if !credential.note.isEmpty { console.print("  note: " + credential.note) }
        var table = Table("  VERSION", "STATE", "ACTIVATED", "PROVED", "EXPIRES", "RETIRED")
        for version in credential.versions {
            table.add(
                "  \(version.number)", version.state.name, version.activatedAt?.date ?? "",
                version.provedAt?.date ?? "",
                version.expiresAt?.date ?? "", version.retiredAt?.date ?? "")
        }
        console.print(table)
    }

    private func showJSON(
        _ secrets: Set<String>, _ console: Console, _ value: (String) throws -> SecretBytes
    ) throws {
        // Built in locked memory, because with --reveal the document holds secrets.
        var document = SecretWriter(capacity: 1024)
        document.append("{\"address\":")
        document.append(json: SecretBytes(address.description.utf8))
        document.append(",\"fields\":{")
        for (index, name) in names.enumerated() {
            if index > 0 { document.append(",") }
            document.append(json: SecretBytes(name.utf8))
            document.append(":")
            let isKnown = secrets.contains(name) || version?.plain[name] != nil
            if isKnown, !secrets.contains(name) || reveal {
                document.append(json: try value(name))
            } else {
                document.append("null")
            }
        }
        document.append("},\"versions\":")
        document.append(JSON.list(credential.versions.map(Self.json)).bytes)
        document.append(",\"addresses\":")
        document.append(JSON.list(credential.addresses.map { .text($0.description) }).bytes)
        document.append(",\"base_url\":")
        document.append(JSON.text(credential.terms.baseURL).bytes)
        document.append(",\"note\":")
        document.append(JSON.text(credential.note).bytes)
        document.append(",\"account\":")
        document.append(JSON.text(credential.account).bytes)
        document.append("}")
        console.print(json: document.finish())
    }

    private static func json(_ version: Version) -> JSON {
        .object([
            ("version", JSON(version.number)), ("state", .text(version.state.name)),
            ("created_at", JSON(version.createdAt)), ("activated_at", JSON(version.activatedAt)),
            ("proved_at", JSON(version.provedAt)), ("expires_at", JSON(version.expiresAt)),
            ("retired_at", JSON(version.retiredAt)),
        ])
    }
}

/// The tree of `list`.
struct ListRendering {
    let found: [(address: Address, credential: Credential)]

    func show(_ options: GlobalOptions, _ console: Console) {
        if options.json {
            console.print(
                JSON.list(
                    found.map { address, credential in
                        .object([
                            ("address", .text(address.description)), ("provider", .text(credential.provider)),
                            ("environment", .text(credential.environment)), ("account", JSON(address.account)),
                            ("version", JSON(credential.current?.number)),
                        ])
                    }
                ))
            return
        }
        var application: String?
        var environment: String?
        for (address, credential) in found {
            if address.deployment.application != application {
                application = address.deployment.application
                environment = nil
                console.print(address.deployment.application)
            }
            if address.deployment.environment != environment {
                environment = address.deployment.environment
                console.print("  " + address.deployment.environment)
            }
            let account = address.account.map { "@" + $0 } ?? ""
            let others = credential.addresses.count - 1
            let shared = others == 0 ? "" : "  (also at \(others) other address\(others == 1 ? "" : "es"))"
            console.print("    " + address.provider + account + shared)
        }
    }
}
