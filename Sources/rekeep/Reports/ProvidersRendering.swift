import Credentials
import Operations
import Providers

/// That a profile of the user's took a built-in one's place.
enum OwnProfileNotice {
    static func text(_ file: String) -> String { "your own profile \(file) stands for the built-in one" }
}

/// The profiles, in short or one in full, and what is wrong with the user's own.
struct ProvidersRendering: DataRendering {
    let descriptions: [ProviderDescription]
    let faults: [OperationError]
    let isDetailed: Bool

    var json: JSON { .list(descriptions.map(Self.json)) }
    var text: [Block] { isDetailed ? descriptions.flatMap(Self.details) : [table] }

    func remarks(in format: OutputFormat) -> [Remark] {
        descriptions.compactMap(\.replacingFile).map { .note(OwnProfileNotice.text($0)) }
            + faults.map { .complaint(Complaint($0)) }
    }

    var status: Int32 { faults.isEmpty ? 0 : ExitStatus.badConfiguration }

    private var table: Block {
        .table(
            descriptions,
            .init("PROVIDER", .middle) { $0.id }, .init("NAME", .end) { $0.label },
            .init("ENVIRONMENTS", .dropped(3)) { $0.environments.map(\.name).joined(separator: " ") },
            .init("ROTATION", .dropped(4)) { $0.mode.name },
            .init("MAXIMUM AGE", .dropped(2)) { $0.maxAge.description },
            .init("FROM", .dropped(1)) {
                $0.ownFile == nil
                    ? "rekeep" : $0.replacesBuiltIn ? "your own, for the built-in one" : "your own"
            })
    }

    private static func details(_ description: ProviderDescription) -> [Block] {
        var lines = ["\(description.id): \(description.label)"]
        if let file = description.ownFile { lines.append("  your own profile: \(file)") }
        for environment in description.environments {
            let test = environment.isTest ? " (test)" : ""
            lines.append("  \(environment.name)\(test): \(environment.baseURL ?? "give --base-url")")
        }
        lines.append("  rotation: \(description.mode.name)")
        lines.append("  maximum age: \(description.maxAge)")
        if let lifetime = description.lifetime { lines.append("  keys live at most \(lifetime)") }
        lines.append("  keys are at: \(description.panelPath)")
        let fields = Table(
            description.fields,
            [
                .init("  FIELD") { "  " + $0.name }, .init("LABEL", .end) { $0.label },
                .init("KIND", .dropped(1)) { ($0.isSecret ? "secret" : "plain") + ($0.isOptional ? ", optional" : "") },
                .init("VARIABLE", .middle) { $0.variable.map { description.variablePrefix + "_" + $0 } ?? "" },
            ])
        return Block.lines(lines) + [.table(fields)]
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
