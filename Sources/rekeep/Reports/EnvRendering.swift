import Delivery
import Sealing

/// The text of `env`.
struct EnvRendering: Rendering {
    let variables: [Variable]
    /// By name: what is printed for each in a `.env` file.
    let spellings: [String: SecretBytes]
    /// Secret values are not to be seen.
    let isMasked: Bool

    var json: JSON {
        .object(variables.map { ($0.name, isMasked && $0.isSecret ? .null : .secret($0.value)) })
    }

    var text: [Block] {
        var text = SecretWriter(capacity: 1024)
        for variable in variables {
            text.append(variable.name.utf8)
            text.append("=")
            if let spelling = spellings[variable.name], !(isMasked && variable.isSecret) {
                spelling.withBytes { text.append($0) }
            } else {
                text.append(Mask.text.utf8)
            }
            text.append("\n")
        }
        return [.exactly(text.finish(), lineBreak: false)]
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        guard isMasked, format == .text, variables.contains(where: \.isSecret) else { return [] }
        return [.note("Secret values are masked on a terminal; --reveal shows them.")]
    }
}
