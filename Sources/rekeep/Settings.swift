import Glibc

/// What the options and variables that every command takes come to.
struct Settings {
    var vaultPath: String
    /// The text of the only vault that may lie there; nil for any.
    var vaultID: String?
    /// Named on the command line: it opens the vault, or nothing does.
    var identityPath: String?
    /// Named by the environment: it is tried, unless the command line says otherwise.
    var impliedIdentityPath: String?
    var passphraseFile: String?
    var json = false
    var noInput = false
    var console: Console

    /// - Parameters: what the command line gives; where it gives nothing, variables and defaults count.
    init(vault: String?, identity: String?, console: Console) {
        vaultPath = vault ?? Surroundings.variable("REKEEP_VAULT") ?? Surroundings.defaultVault
        // An empty one is a variable that somebody forgot to fill: it must not pass as none.
        vaultID = getenv("REKEEP_VAULT_ID").map { String(cString: $0) }
        identityPath = identity
        impliedIdentityPath = Surroundings.variable("REKEEP_IDENTITY") ?? Self.systemdIdentity
        self.console = console
    }

    /// What systemd's LoadCredential= provides.
    static var systemdIdentity: String? {
        guard let directory = Surroundings.variable("CREDENTIALS_DIRECTORY") else { return nil }
        let path = directory + "/rekeep.identity"
        return Surroundings.exists(path) ? path : nil
    }
}
