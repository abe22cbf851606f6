import Credentials
import Delivery
import Sealing

/// Writes targets for `Scripts/fuzz-readers`. Each line of standard input is `READER PATH NAME HEXADECIMAL`, separated by
/// tabs; the answer is `written`, or `refused` with the error, which holds no value.
let address = try Address("fuzz/live/fuzz")

func edit(_ words: [Substring]) throws -> String {
    let target = Target(
        path: String(words[1]), preset: "plain", reader: String(words[0]), mode: nil, owner: nil, group: nil, hook: [])
    guard let bytes = Hexadecimal.bytes(words[3].utf8) else { return "no value" }
    let variable = Variable(name: String(words[2]), value: SecretBytes(bytes), isSecret: true, address: address)
    do throws(DeliveryError) {
        let writer = try TargetWriter(target, of: address.deployment, journal: TargetJournal(key: .random(count: 32)))
        _ = try writer.write([variable])
        _ = try writer.readBack([variable])
        return "written"
    } catch {
        return "refused \(error)"
    }
}

while let line = readLine() {
    print(try edit(line.split(separator: "\t", omittingEmptySubsequences: false)))
}
