import Credentials

/// The tree of `list`.
struct ListRendering: DataRendering {
    let found: [(address: Address, credential: Credential)]

    /// What to do next.
    static let empty = "The vault is empty. The first credential: rekeep add whmcs/live/domainnameapi"

    var json: JSON {
        .list(found) { address, credential in
            .object([
                ("address", .text(address.description)), ("provider", .text(credential.provider)),
                ("environment", .text(credential.environment)), ("account", JSON(address.account)),
                ("version", JSON(credential.current?.number)),
            ])
        }
    }

    var text: [Block] {
        guard !found.isEmpty else {
            return [.line(Self.empty)]
        }
        var lines: [Block] = []
        var application: String?
        var environment: String?
        for (address, credential) in found {
            if address.deployment.application != application {
                application = address.deployment.application
                environment = nil
                lines.append(.line(address.deployment.application))
            }
            if address.deployment.environment != environment {
                environment = address.deployment.environment
                lines.append(.line("  " + address.deployment.environment))
            }
            let account = address.account.map { "@" + $0 } ?? ""
            let others = credential.addresses.count - 1
            let shared = others == 0 ? "" : "  (also at \(others) other address\(others == 1 ? "" : "es"))"
            lines.append(.line("    " + address.provider + account + shared))
        }
        return lines
    }
}
