import Credentials
import Operations
import Providers

/// That a profile of the user's took a built-in one's place.
enum OwnProfileNotice {
    static func text(_ file: String) -> String { "your own profile \(file) stands for the built-in one" }
}

/// The profiles, in short or one in full, and what is wrong with the user's own.
struct ProvidersRendering {
    let descriptions: [ProviderDescription]
    let faults: [OperationError]
    let isDetailed: Bool

    func show(_ options: GlobalOptions, _ console: Console) throws {
        if options.json {
            console.print(JSON.list(descriptions.map(Self.json)))
        } else if isDetailed {
            for description in descriptions { showDetails(description, console) }
        } else {
            showTable(console)
        }
        for file in descriptions.compactMap(\.replacingFile) { console.note(OwnProfileNotice.text(file)) }
        for fault in faults { console.complain(Complaint(fault)) }
        if !faults.isEmpty { throw CommandError.notWell(ExitStatus.badConfiguration) }
    }

    private func showTable(_ console: Console) {
        var table = Table("PROVIDER", "NAME", "ENVIRONMENTS", "ROTATION", "MAXIMUM AGE", "FROM")
        for description in descriptions {
            table.add(
                description.id, description.label, description.environments.map(\.name).joined(separator: " "),
                description.mode.name, description.maxAge.description,
                description.ownFile == nil
                    ? "rekeep" : description.replacesBuiltIn ? "your own, for the built-in one" : "your own")
        }
        console.print(table)
    }

    private func showDetails(_ description: ProviderDescription, _ console: Console) {
        console.print("\(description.id): \(description.label)")
        if let file = description.ownFile { console.print("  your own profile: \(file)") }
        for environment in description.environments {
            console.print("  \(environment.name): \(environment.baseURL ?? "give --base-url")")
        }
        console.print("  rotation: \(description.mode.name)")
        console.print("  maximum age: \(description.maxAge)")
        if let lifetime = description.lifetime {
            console.print("  keys live at most \(lifetime)")
        }
        console.print("  keys are at: \(description.panelPath)")
        var table = Table("  FIELD", "LABEL", "KIND", "VARIABLE")
        for field in description.fields {
            table.add(
                "  " + field.name, field.label,
                (field.isSecret ? "secret" : "plain") + (field.isOptional ? ", optional" : ""),
                field.variable.map { description.variablePrefix + "_" + $0 } ?? "")
        }
        console.print(table)
    }

    private static func json(_ description: ProviderDescription) -> JSON {
        .object([
            ("provider", .text(description.id)), ("label", .text(description.label)),
            (
                "environments",
                .object(description.environments.map { ($0.name, JSON($0.baseURL)) })
            ),
            ("mode", .text(description.mode.name)), ("max_age_days", .number(description.maxAge.wholeDays)),
            ("panel_path", .text(description.panelPath)), ("own_file", JSON(description.ownFile)),
            ("replaces_built_in", .bool(description.replacesBuiltIn)),
            (
                "fields",
                .list(
                    description.fields.map {
                        .object([
                            ("name", .text($0.name)), ("label", .text($0.label)), ("secret", .bool($0.isSecret)),
                            ("optional", .bool($0.isOptional)),
                            ("variable", JSON($0.variable.map { description.variablePrefix + "_" + $0 })),
                        ])
                    })
            ),
        ])
    }
}
