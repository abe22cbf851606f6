import Credentials

/// The lines of `policy list`.
struct PolicyRendering: DataRendering {
    let policies: [Policy]

    var json: JSON {
        .list(
            policies.map {
                .object([
                    ("pattern", .text($0.pattern.description)), ("max_age_days", .number($0.maxAge.wholeDays)),
                ])
            })
    }

    var text: [Block] {
        [
            .table(
                policies,
                .init("PATTERN", .middle) { $0.pattern.description }, .init("MAXIMUM AGE") { $0.maxAge.description })
        ]
    }
}
