import Credentials
import Operations
import Providers

/// What an `add` came to.
struct AddRendering: Rendering {
    let report: AddReport

    var json: JSON {
        let check = report.check.map { CheckRendering.json(report.address, report.credential, $0) }
        return .object([
            ("address", .text(report.address.description)), ("version", .number(1)), ("check", check ?? .null),
        ])
    }

    var text: [Block] {
        guard let check = report.check else { return [.line("Stored \(report.address), unproved.")] }
        let balance = CheckRendering.text(check.balances)
        return [
            .line(
                "Stored \(report.address): \(CheckSentence.text(check, report.credential.terms))"
                    + (balance.isEmpty ? "." : ", balance \(balance)."))
        ]
    }

    func remarks(in format: OutputFormat) -> [Remark] {
        let untried = Remark.note("It was not tried; rekeep check \(report.address) tries it.")
        return (report.check == nil ? [untried] : [])
            + report.unwritable.map { field, reason in
                .warning(
                    "warning: no .env file can hold this \(field.label): \(Complaint.description(reason)). rekeep exec can give it to a program."
                )
            }
    }
}

/// Tells what was taken out of pasted values: code points and places, never the values.
enum RemovalNotice {
    static func lines(_ removals: [Hygiene.Removal], of field: Field) -> [String] {
        removals.map { "\(field.label): removed \(what($0.what)) at character \($0.position)" }
    }

    private static func what(_ what: Hygiene.Removal.What) -> String {
        switch what {
        case .invisible(let codePoint): "the invisible character " + name(codePoint)
        case .whiteSpace(let codePoint): "white space " + name(codePoint)
        case .quotes: "the surrounding quotes"
        case .bearerPrefix: "the prefix 'Bearer '"
        }
    }

    private static func name(_ codePoint: UInt32) -> String {
        let digits = String(codePoint, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
