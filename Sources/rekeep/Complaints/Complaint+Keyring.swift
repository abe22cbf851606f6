import Keyring

extension Complaint {
    init(_ error: KeyringError) {
        switch error {
        case .kernel(let code):
            self.init(
                "the kernel keeps no key here: \(Self.system(code))",
                hint: "some containers forbid it; use --identity or --passphrase-file", ExitStatus.failed)
        case .noLibrary:
            self.init("libsecret is not installed", hint: "install libsecret-1-0", ExitStatus.failed)
        case .noBus:
            self.init(
                "there is no D-Bus session, so no keyring can be reached",
                hint: "a keyring belongs to a desktop session; servers use an identity", ExitStatus.failed)
        case .locked:
            self.init("the keyring is locked", hint: "unlock it, or log in again", ExitStatus.failed)
        case .timedOut:
            self.init(
                "the keyring gave no answer within 3 seconds",
                hint: "it may be waiting for its password at a prompt", ExitStatus.failed)
        case .service:
            self.init(
                "the Secret Service refuses, or there is none",
                hint: "is gnome-keyring, KWallet or KeePassXC running, with a default keyring?", ExitStatus.failed)
        case .testBackEnd(let variable):
            self.init(
                "\(variable) would send the key elsewhere than to the keyring",
                hint: "unset \(variable)", ExitStatus.badConfiguration)
        }
    }
}
