import Credentials
import Operations
import Sealing

/// What a change of a credential's addresses or remarks came to.
struct CredentialRendering: Rendering {
    let credential: Credential
    let sentence: String
    var notes: [String] = []

    var json: JSON {
        .object([
            ("addresses", .list(credential.addresses.map { .text($0.description) })),
            ("provider", .text(credential.provider)), ("environment", .text(credential.environment)),
        ])
    }

    var text: [Block] { [.line(sentence)] }
    func remarks(in format: OutputFormat) -> [Remark] { notes.map(Remark.note) }
}

/// The fields and the history of one credential.
struct ShowRendering: DataRendering {
    let details: CredentialDetails
    let fields: [Field]
    /// By field name. A secret one is not there unless it is to be seen.
    let values: [String: SecretBytes]

    private var address: Address { details.address }
    private var credential: Credential { details.credential }

    var json: JSON {
        .object([
            ("address", .text(address.description)),
            ("fields", .object(fields.map { ($0.name, values[$0.name].map(JSON.secret) ?? .null) })),
            ("versions", .list(credential.versions.map(Self.json))),
            ("addresses", .list(credential.addresses.map { .text($0.description) })),
            ("base_url", .text(credential.terms.baseURL)), ("note", .text(credential.note)),
            ("account", .text(credential.account)), ("max_age_days", .number(details.maxAge.wholeDays)),
            (
                "last_check",
                credential.lastCheck.map { CheckRendering.json(address, credential, $0) } ?? .null
            ),
            ("targets", .list(details.targets.map { TargetRendering.json($0.target, of: $0.deployment) })),
        ])
    }

    var text: [Block] {
        var lines: [Block] = [.line(address.description)]
        let width = fields.map(\.name.count).max() ?? 0
        for field in fields where field.isSecret || values[field.name] != nil {
            let label = "  " + field.name + String(repeating: " ", count: width - field.name.count) + "  "
            guard let value = values[field.name] else {
                lines.append(.line(label + Mask.text))
                continue
            }
            var line = SecretWriter()
            line.append(label.utf8)
            value.withBytes { line.append($0) }
            lines.append(.secretLine(line.finish()))
        }
        let others = credential.addresses.filter { $0 != address }
        if !others.isEmpty { lines.append(.line("  also at: " + others.map(\.description).joined(separator: ", "))) }
        lines.append(.line("  base URL: " + credential.terms.baseURL))
        if !credential.account.isEmpty { lines.append(.line("  account: " + credential.account)) }
        if !credential.note.isEmpty { lines.append(.line("  note: " + credential.note)) }
        lines.append(.line("  maximum age: \(details.maxAge)"))
        let check = credential.lastCheck.map { "\($0.at), \(CheckSentence.text($0, credential.terms))" }
        lines.append(.line("  last check: " + (check ?? "never")))
        for (deployment, target) in details.targets {
            let written = target.delivery.writtenAt.map { "written \($0)" } ?? "never written"
            lines.append(.line("  target: \(target.path) (\(deployment), \(written))"))
        }
        lines.append(
            .table(
                credential.versions,
                .init("  VERSION") { "  \($0.number)" }, .init("STATE") { $0.state.name },
                .init("ACTIVATED") { $0.activatedAt?.date ?? "" },
                .init("PROVED") { $0.provedAt?.date ?? "" }, .init("EXPIRES") { $0.expiresAt?.date ?? "" },
                .init("RETIRED") { $0.retiredAt?.date ?? "" }))
        return lines
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

/// One value, and nothing else.
struct ValueRendering: DataRendering {
    let name: String
    /// Nil where it is not to be seen.
    let value: SecretBytes?
    let lineBreak: Bool

    var json: JSON { .object([(name, value.map(JSON.secret) ?? .null)]) }
    var text: [Block] { [value.map { .exactly($0, lineBreak: lineBreak) } ?? .line(Mask.text)] }

    func remarks(in format: OutputFormat) -> [Remark] {
        value == nil ? [.note("Masked on a terminal; --reveal shows it.")] : []
    }
}
