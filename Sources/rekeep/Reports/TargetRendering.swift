import Credentials

/// The targets of a deployment.
struct TargetRendering: Rendering {
    let targets: [Target]

    var json: JSON { .list(targets.map(Self.json)) }

    var text: [Block] {
        [
            .table(
                targets,
                .init("TARGET", .middle) { $0.path }, .init("PRESET", .dropped(4)) { $0.preset },
                .init("READER", .dropped(5)) { $0.reader },
                .init("MODE", .dropped(1)) { $0.mode.map { "0" + String($0, radix: 8) } ?? "" },
                .init("WRITTEN", .dropped(6)) { $0.delivery.writtenAt?.description ?? "never" },
                .init("READ BACK", .dropped(2)) { $0.delivery.readBackAt?.description ?? "never" },
                .init("HOOK", .dropped(3)) {
                    $0.hook.isEmpty
                        ? "none"
                        : $0.delivery.isHookDue ? "due" : $0.delivery.hookRunAt?.description ?? "not yet"
                },
                .init("PROBLEM", .end) { $0.delivery.problem.map(Self.text) ?? "" })
        ]
    }

    static func json(_ target: Target) -> JSON {
        .object([
            ("path", .text(target.path)), ("preset", .text(target.preset)), ("reader", .text(target.reader)),
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
    let deployment: String

    var json: JSON { TargetRendering.json(target) }

    var text: [Block] {
        [.line("\(deployment) is written to \(target.path). Write it now with: rekeep deploy \(deployment)")]
    }
}
