import Delivery
import Sealing

/// The text of `env`.
struct EnvRendering: DataRendering {
    let variables: [Variable]
    /// By name: what is printed for each in a `.env` file.
    let spellings: [String: SecretBytes]
    /// Why some have no spelling. They are left out; the others are printed all the same.
    let problems: [DeliveryError]
    /// Secret values are not to be seen.
    let isMasked: Bool

    var json: JSON {
        .object(variables.map { ($0.name, isMasked && $0.isSecret ? .null : .secret($0.value)) })
    }

    var text: [Block] {
        var text = SecretWriter(capacity: 1024)
        for variable in variables {
            let spelling = spellings[variable.name]
            let isHidden = isMasked && variable.isSecret
            guard spelling != nil || isHidden else { continue }
            text.append(variable.name.utf8)
            text.append("=")
            if isHidden { text.append(Mask.text.utf8) } else { spelling?.withBytes { text.append($0) } }
            text.append("\n")
        }
        return [.exactly(text.finish(), lineBreak: false)]
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        let isShortened = isMasked && format == .text && variables.contains(where: \.isSecret)
        return problems.map { .complaint(Complaint($0)) }
            + (isShortened ? [.note("Secret values are masked on a terminal; --reveal shows them.")] : [])
    }

    var status: Int32 { problems.isEmpty ? 0 : ExitStatus.badInput }
}
