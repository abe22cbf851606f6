import Files
import Glibc
import Operations
import Providers
import Sealing

/// The last way for an issued key that neither the vault nor a file can take: descriptor 3, if whoever started rekeep
/// has opened it, or the terminal, after a yes.
enum KeyHandover {
    private static let descriptor: Int32 = 3

    static func give(_ values: [String: SecretBytes], _ options: GlobalOptions) -> Handover {
        let document = document(values)
        // All that rekeep opens itself is closed in programs that it starts: this one was inherited.
        let flags = fcntl(descriptor, F_GETFD)
        if flags >= 0, flags & FD_CLOEXEC == 0, write(document) { return .taken }
        guard !options.noInput, let prompt = Prompt() else { return .nobody }
        let question =
            "The new key can't be stored anywhere, and nobody else has it. Free some space, then press Return to try again; or answer yes to have it shown here: "
        while let typed = prompt.text(question) {
            if typed.count == 0 { return .again }
            guard Prompt.isYes(typed) else { continue }
            prompt.show(document)
            return .taken
        }
        return .nobody
    }

    /// One JSON object, as `--input` takes it.
    private static func document(_ values: [String: SecretBytes]) -> SecretBytes {
        var writer = SecretWriter()
        for (index, (name, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
            writer.append(index == 0 ? "{" : ",")
            writer.append(json: SecretBytes(name.utf8))
            writer.append(":")
            writer.append(json: value)
        }
        writer.append("}\n")
        return writer.finish()
    }

    private static func write(_ document: SecretBytes) -> Bool {
        let isWritten: Void? = try? document.withBytes { bytes throws(SystemError) in
            try Descriptors.writeAll(descriptor, bytes)
        }
        return isWritten != nil
    }
}
