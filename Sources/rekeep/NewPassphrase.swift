import Sealing
import Vault

/// A passphrase that somebody chooses.
enum NewPassphrase {
    static func read(_ path: String) throws(CommandError) -> SecretBytes {
        let passphrase = SecretFile.firstLine(try SecretFile.read(path))
        guard passphrase.count > 0 else { throw .emptyPassphrase }
        return passphrase
    }

    static func ask(_ prompt: Prompt) throws(CommandError) -> SecretBytes {
        guard let first = prompt.secret("New passphrase: "), first.count > 0 else { throw .emptyPassphrase }
        guard prompt.secret("The same again: ") == first else { throw .passphrasesDiffer }
        return first
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
