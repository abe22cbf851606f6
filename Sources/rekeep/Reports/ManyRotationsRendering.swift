import Credentials
import Operations

/// The lines of `rotate --status`.
struct OpenRotationsRendering: DataRendering {
    let rotations: [OpenRotation]

    var json: JSON {
        .list(
            rotations.map {
                .object([
                    ("address", .text($0.address.description)), ("mode", .text($0.rotation.mode.name)),
                    ("state", .text($0.rotation.state.name)), ("since", JSON($0.rotation.steps.last?.at)),
                    ("old_version", JSON($0.rotation.oldVersion)), ("new_version", JSON($0.rotation.newVersion)),
                    ("grace_until", JSON($0.rotation.graceUntil)), ("can", .list($0.steps.map { .text($0.rawValue) })),
                ])
            })
    }

    var text: [Block] {
        guard !rotations.isEmpty else { return [.line("No rotation is open.")] }
        return [
            .table(
                rotations,
                .init("ADDRESS", .middle) { $0.address.description }, .init("STATE") { $0.rotation.state.name },
                .init("SINCE", .dropped(1)) { $0.rotation.steps.last?.at.description ?? "" },
                .init("MODE", .dropped(2)) { $0.rotation.mode.name },
                .init("NEXT", .end) { $0.steps.map(\.rawValue).joined(separator: " or ") })
        ]
    }
}

/// What a walk through many rotations came to.
struct ManyRotationsRendering: Rendering {
    let results: [ManyRotations.RotationResult]
    /// What is said when there are none.
    let none: String

    var json: JSON { .list(results.map(\.json)) }

    var text: [Block] {
        guard !results.isEmpty else { return [.line(none)] }
        return [
            .table(
                results,
                .init("ADDRESS", .middle) { $0.address.description }, .init("STATE") { $0.word },
                .init("TARGETS", .end) { result in
                    let done = result.targets.count { $0.isDone }
                    return result.targets.isEmpty ? "" : "\(done) of \(result.targets.count)"
                }, .init("DOWNTIME") { $0.rotation?.downtime.map(RotationRendering.text) ?? "" })
        ]
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        results.flatMap(\.targets).problems.map { .complaint(Complaint($0)) }
    }

    /// The status that all failures share, or 1.
    var status: Int32 {
        let statuses = results.compactMap { result in
            result.complaint?.status ?? (result.targets.allSatisfy(\.isDone) ? nil : ExitStatus.cannotWrite)
        }
        guard let first = statuses.first else { return 0 }
        return statuses.allSatisfy { $0 == first } ? first : ExitStatus.notWell
    }
}
