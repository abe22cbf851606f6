import Sealing
import Vault

/// A passphrase that somebody chooses.
enum NewPassphrase {
    static func read(_ path: String, _ console: Console) throws(CommandError) -> SecretBytes {
        let passphrase = try SecretFile.line(path, asking: "New passphrase: ")
        guard passphrase.count > 0 else { throw .emptyPassphrase }
        if let weakness = Weakness(of: passphrase) { console.warn("warning: " + weakness.text) }
        return passphrase
    }

    /// Asks until it is one that can be used, and was typed twice.
    static func ask(_ prompt: Prompt) throws(CommandError) -> SecretBytes {
        while true {
            guard let first = prompt.secret("New passphrase: ") else { throw .inputEnded }
            if let weakness = Weakness(of: first) {
                prompt.show(weakness.text + "\n")
                continue
            }
            guard let second = prompt.secret("The same again: ") else { throw .inputEnded }
            if first == second { return first }
            prompt.show("The two differ.\n")
        }
    }

    /// Why a passphrase would be found by trying.
    enum Weakness {
        case short
        case usual

        static let least = 10

        init?(of passphrase: SecretBytes) {
            let (characters, isUsual) = passphrase.withBytes { bytes in
                (bytes.count { $0 & 0xC0 != 0x80 }, Self.isUsual(bytes))
            }
            if characters < Self.least {
                self = .short
            } else if isUsual {
                self = .usual
            } else {
                return nil
            }
        }

        /// One of the words that everybody tries, with digits and signs round it; or a run, such as 1234567890.
        private static func isUsual(_ bytes: UnsafeRawBufferPointer) -> Bool {
            func lower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
            let letters = bytes.indices.filter { (97...122).contains(lower(bytes[$0])) }
            let found = letters.first.flatMap { first in letters.last.map { first...$0 } }
            if let found, words.contains(where: { $0.utf8.elementsEqual(bytes[found].lazy.map(lower)) }) { return true }
            let steps = zip(bytes, bytes.dropFirst()).map { Int($1) - Int($0) }
            // 0 follows 9 on a keyboard.
            return [0, 1, -1].contains { step in steps.allSatisfy { $0 == step || $0 == -9 * step && step != 0 } }
                || bytes.count.isMultiple(of: 2)
                    && bytes.prefix(bytes.count / 2).elementsEqual(bytes.suffix(bytes.count / 2))
                    && bytes.count / 2 < least
        }

        /// The words at the head of the lists of passwords that were stolen.
        private static let words = [
            "password", "passw0rd", "passwort", "passphrase", "p@ssw0rd", "p@ssword", "pa$$word", "qwerty",
            "qwertyuiop",
            "qwertzuiop", "azertyuiop", "asdfghjkl", "letmein", "welcome", "iloveyou", "admin", "administrator", "root",
            "changeme", "change me", "default", "secret", "topsecret", "master", "monkey", "dragon", "football",
            "baseball",
            "princess", "sunshine", "superman", "trustno", "whatever", "abc", "abcdef", "abcdefghij", "test", "testing",
            "rekeep", "whmcs", "reseller", "hosting", "domain", "correct horse battery staple",
            "correcthorsebatterystaple",
        ]

        var text: String {
            switch self {
            case .short: "It has fewer than \(Self.least) characters: whoever has the file could try them all."
            case .usual: "It is among those that are tried first."
            }
        }
    }
}

extension RecoveryCode {
    /// The code as a line for a file.
    var line: SecretBytes {
        var line = SecretWriter()
        code.withBytes { line.append($0) }
        line.append("\n")
        return line.finish()
    }

    /// Shows the code at the terminal, the only time.
    func show(_ prompt: Prompt) {
        prompt.show(
            "\nRecovery code, shown this once. Print it and lock it away; it opens the vault without a passphrase:\n\n    "
        )
        prompt.show(code)
        prompt.show("\n\n")
    }
}
