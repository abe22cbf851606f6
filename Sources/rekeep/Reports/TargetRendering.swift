import Credentials
import Delivery

/// The targets of a deployment, or of all.
struct TargetRendering: DataRendering {
    let targets: [(deployment: Deployment, target: Target)]

    var json: JSON { .list(targets.map { Self.json($0.target, of: $0.deployment) }) }

    var text: [Block] {
        [
            .table(
                targets,
                .init("DEPLOYMENT", .middle) { $0.deployment.description },
                .init("TARGET", .middle) { $0.target.path }, .init("PRESET", .dropped(4)) { $0.target.preset },
                .init("READER", .dropped(5)) { $0.target.reader },
                .init("MODE", .dropped(1)) { $0.target.mode.map { "0" + String($0, radix: 8) } ?? "" },
                .init("WRITTEN", .dropped(6)) { $0.target.delivery.writtenAt?.description ?? "never" },
                .init("READ BACK", .dropped(2)) { $0.target.delivery.readBackAt?.description ?? "never" },
                .init("HOOK", .dropped(3)) {
                    $0.target.hook.isEmpty
                        ? "none"
                        : $0.target.delivery.isHookDue ? "due" : $0.target.delivery.hookRunAt?.description ?? "not yet"
                },
                .init("PROBLEM", .end) { $0.target.delivery.problem.map(Self.text) ?? "" })
        ]
    }

    static func json(_ target: Target, of deployment: Deployment) -> JSON {
        .object([
            ("deployment", .text(deployment.description)), ("path", .text(target.path)),
            ("preset", .text(target.preset)), ("reader", .text(target.reader)),
            ("mode", JSON(target.mode.map { "0" + String($0, radix: 8) })), ("owner", JSON(target.owner)),
            ("group", JSON(target.group)), ("in_place", .bool(target.isInPlace)),
            ("hook", .list(target.hook.map(JSON.text))),
            ("written_at", JSON(target.delivery.writtenAt)), ("read_back_at", JSON(target.delivery.readBackAt)),
            ("hook_run_at", JSON(target.delivery.hookRunAt)), ("hook_due", .bool(target.delivery.isHookDue)),
            ("problem", JSON(target.delivery.problem.map(text))),
        ])
    }

    private static func text(_ problem: DeliveryProblem) -> String {
        switch problem {
        case .hookFailed: "hook failed"
        case .readBackDiffers: "read-back differs"
        case .keyRetired: "key retired"
        case .vaultUnavailable: "vault unavailable"
        case .notEncodable: "not encodable"
        case .notWritten: "not written"
        case .stale: "drift: stale"
        case .missing: "drift: missing"
        case .unreadable: "drift: unreadable"
        case .foreign: "drift: foreign"
        case .attributes: "drift: owner, mode or ACL"
        case .mountedOld: "drift: old file mounted"
        }
    }
}

/// What a `target add` came to.
struct TargetAddRendering: Rendering {
    let target: Target
    let deployment: Deployment

    var json: JSON { TargetRendering.json(target, of: deployment) }

    var text: [Block] {
        [.line("\(deployment) is written to \(target.path). Write it now with: rekeep deploy \(deployment)")]
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        guard let panel = Preset.all.first(where: { $0.name == target.preset })?.panel else { return [] }
        let means = panel.call.map { "by \($0)" } ?? "in its own administration: no call for it is documented"
        return [
            .warning(
                "warning: \(panel.label) does not read this file. It has the new key only when something hands it on, \(means)."
                    + (target.hook.isEmpty ? " A script that does so can run as --hook; see docs/panels.md." : ""))
        ]
    }
}
