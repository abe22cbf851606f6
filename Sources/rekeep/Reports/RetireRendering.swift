import Credentials

/// The versions that a `retire` erased.
struct RetireRendering: Rendering {
    let address: Address
    let versions: [Version]

    var json: JSON {
        .list(
            versions.map {
                .object([
                    ("address", .text(address.description)), ("version", JSON($0.number)),
                    ("state", .text($0.state.name)), ("retired_at", JSON($0.retiredAt)),
                ])
            })
    }

    var text: [Block] { versions.map { .line("\(address): version \($0.number) is dead and erased.") } }
}
