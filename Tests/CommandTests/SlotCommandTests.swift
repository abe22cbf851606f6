import CLinux
import Foundation
import Testing

/// Ways into a vault, for people, servers and desktops; and what happens when one is taken away.
struct SlotCommandTests {
    private func withBearer(_ sandbox: Sandbox, _ address: String, token: String) async throws {
        let outcome = try await sandbox.rekeep(
            "add", address, "--base-url", "http://127.0.0.1:9", "--no-check", "--input", "-",
            input: #"{"token":"\#(token)","balance_path":"/v1/account"}"#)
        try #require(outcome.status == 0, "\(outcome.err)")
    }

    @Test func `a colleague's identity opens the vault until it is removed, and then the vault has a new key`()
        async throws
    {
        let sandbox = try await Sandbox()
        try await withBearer(sandbox, "site/live/bearer", token: "fake-site")
        try await withBearer(sandbox, "shop/live/bearer", token: "fake-shop")
        let alice = sandbox.file("alice")
        let made = try await sandbox.rekeep("slot", "keygen", alice)
        let publicKey = made.out.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(publicKey.hasPrefix("REKEEP-PUBLIC-1-"))
        #expect(sandbox.text("alice").contains(publicKey))
        let added = try await sandbox.rekeep("slot", "add", "identity", "--name", "alice", "--public", publicKey)
        #expect(added.status == 0, "\(added.err)")
        #expect(
            try await sandbox.rekeep("show", "site/live", "--field", "token", "--identity", alice).out == "fake-site")
        let copy = sandbox.file("copy.db")
        try FileManager.default.copyItem(atPath: sandbox.vault, toPath: copy)

        let removed = try await sandbox.rekeep("slot", "remove", "alice", "--yes", "--json")
        #expect(removed.status == 0, "\(removed.err)")
        #expect(removed.object["rekeyed"] as? Bool == true)
        let exposed = removed.object["exposed"] as? [[String: Any]] ?? []
        #expect(
            exposed.compactMap { ($0["addresses"] as? [String])?.first } == ["shop/live/bearer", "site/live/bearer"])
        #expect(try await sandbox.rekeep("list", "--identity", alice).status == 77)
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == "fake-site")
        #expect(try await sandbox.rekeep("verify").status == 0)
        // The older copy lets her in, but nobody on this machine takes it for the vault.
        #expect(try await sandbox.rekeep("list", "--vault", copy, "--identity", alice).status == 76)
        let log = try await sandbox.rekeep("log", "--json").objects.compactMap { $0["action"] as? String }
        #expect(log == ["add", "add", "slot add", "slot remove"])
    }

    @Test func `keeping the key is possible, and says what it means`() async throws {
        let sandbox = try await Sandbox()
        #expect(try await sandbox.rekeep("slot", "add", "identity", "--out", sandbox.file("cron")).status == 0)
        let removed = try await sandbox.rekeep("slot", "remove", "identity-2", "--yes", "--keep-key")
        #expect(removed.status == 0)
        #expect(removed.err.contains("past and future"))
        #expect(try await sandbox.rekeep("list", "--identity", sandbox.file("cron")).status == 77)
    }

    @Test func `what cannot be a slot is refused, and nothing is left`() async throws {
        let sandbox = try await Sandbox()
        let publicKey = try await sandbox.rekeep("slot", "keygen", sandbox.file("alice")).out.dropLast()
        for (words, status) in [
            ("identity", Int32(64)), ("identity --public x --out y", 64), ("identity --public \(publicKey)7", 65),
            ("keyring --public \(publicKey)", 64), ("passphrase", 64), ("recovery --no-input", 64),
            ("identity --public \(publicKey) --name .x", 64), ("identity --out new --name identity", 65),
            ("keyring", 2), ("nothing", 64),
        ] {
            let outcome = try await sandbox.rekeep(["slot", "add"] + words.split(separator: " ").map(String.init))
            #expect(outcome.status == status, "\(words): \(outcome.err)")
        }
        #expect(!FileManager.default.fileExists(atPath: sandbox.file("new")))
        let slots = try await sandbox.rekeep("slot", "list", "--json").object["slots"] as? [[String: Any]]
        #expect(slots?.compactMap { $0["name"] as? String } == ["identity", "recovery"])
        #expect(try await sandbox.rekeep("slot", "remove", "nobody", "--yes").status == 66)
        #expect(try await sandbox.rekeep("slot", "remove", "recovery").status == 64)
        #expect(try await sandbox.rekeep("slot", "remove", "recovery", "--yes").status == 0)
        #expect(try await sandbox.rekeep("slot", "remove", "identity", "--yes").status == 65)
    }

    @Test func `a passphrase and a recovery code are added from files and to files`() async throws {
        let sandbox = try await Sandbox()
        try sandbox.write("made-up passphrase\n", to: "passphrase")
        let passphrase = sandbox.file("passphrase")
        #expect(try await sandbox.rekeep("slot", "add", "passphrase", "--new-passphrase-file", passphrase).status == 0)
        #expect(try await sandbox.rekeep("slot", "add", "recovery", "--out", sandbox.file("code")).status == 0)
        #expect(try await sandbox.rekeep("rekey").status == 0)
        for file in ["passphrase", "code", "recovery"] {
            #expect(try await sandbox.rekeep("list", "--passphrase-file", sandbox.file(file)).status == 0, "\(file)")
        }
    }

    @Test func `killed at any write, a re-keying has happened or has not`() async throws {
        let sandbox = try await Sandbox()
        try await withBearer(sandbox, "site/live/bearer", token: "fake-site")
        let script = """
            for point in $(seq 1 4 80 | sed 's/^/pwrite64:/') fdatasync:1 fdatasync:2 fsync:1 fsync:2 unlink:1; do
              rm -rf try; mkdir try; cp vault.db try/; cp -r state try/
              XDG_STATE_HOME=$PWD/try/state strace -f -qq -o /dev/null -e trace=${point%:*} \\
                -e inject=${point%:*}:signal=KILL:when=${point#*:} "$0" rekey --vault try/vault.db >/dev/null 2>&1
              echo $?
              XDG_STATE_HOME=$PWD/try/state "$0" verify --vault try/vault.db >/dev/null || echo "damaged at $point"
              XDG_STATE_HOME=$PWD/try/state "$0" show site/live --field token --vault try/vault.db | grep -qx fake-site \\
                || echo "lost at $point"
            done
            """
        let outcome = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
        let lines = outcome.out.split(separator: "\n")
        #expect(lines.count { $0 == "137" } > 10, "\(lines)")
        #expect(lines.allSatisfy { $0 == "137" || $0 == "0" }, "\(lines)")
    }

    /// The keyring of the desktop: the real gnome-keyring on a session bus of its own.
    private func onDesktop(_ sandbox: Sandbox, _ script: String, unlocked: Bool = true) async throws -> Sandbox.Outcome
    {
        try FileManager.default.createDirectory(atPath: sandbox.file("run"), withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: sandbox.file("run"))
        let start =
            unlocked
            ? "printf %s made-up | gnome-keyring-daemon --unlock --daemonize --components=secrets >/dev/null 2>&1\n"
            : ""
        return try await sandbox.run(
            ["dbus-run-session", "--", "bash", "-c", start + script, Sandbox.products + "/rekeep"],
            more: ["XDG_RUNTIME_DIR": sandbox.file("run"), "REKEEP_IDENTITY": ""])
    }

    @Test func `a keyring slot opens the vault without a question, and forgets when it is removed`() async throws {
        let sandbox = try await Sandbox()
        let outcome = try await onDesktop(
            sandbox,
            """
            "$0" slot add keyring --identity identity || exit 10
            "$0" list --no-input || exit 11
            "$0" rekey || exit 12
            "$0" list --no-input || exit 13
            secret-tool search --all slot nothing vault nothing 2>/dev/null
            gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets/collection/login \
              --method org.freedesktop.DBus.Properties.Get org.freedesktop.Secret.Collection Items >items
            "$0" slot remove keyring --yes --identity identity || exit 14
            "$0" list --no-input && exit 15
            gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets/collection/login \
              --method org.freedesktop.DBus.Properties.Get org.freedesktop.Secret.Collection Items >items-after
            exit 0
            """)
        #expect(outcome.status == 0, "\(outcome.err)")
        #expect(sandbox.text("items").contains("collection/login/"))
        #expect(!sandbox.text("items-after").contains("collection/login/"))
    }

    @Test func `init makes a keyring slot on a desktop, unless it is told not to`() async throws {
        let sandbox = try await Sandbox(opens: false)
        try sandbox.write("made-up passphrase\n", to: "passphrase")
        let outcome = try await onDesktop(
            sandbox,
            """
            "$0" init --passphrase-file passphrase || exit 10
            "$0" list --no-input || exit 11
            "$0" init --passphrase-file passphrase --vault other.db --no-keyring || exit 12
            "$0" list --no-input --vault other.db && exit 13
            exit 0
            """)
        #expect(outcome.status == 0, "\(outcome.err)")
        #expect(outcome.out.contains("with the slots passphrase, keyring.\n"))
    }

    /// A daemon that was stopped stands for a prompt that nobody sees: it never answers.
    @Test func `a keyring that does not answer, or is locked, is told apart and waits for nobody`() async throws {
        let sandbox = try await Sandbox()
        let outcome = try await onDesktop(
            sandbox,
            """
            "$0" slot add keyring --identity identity || exit 10
            "$0" slot add keyring --identity identity || exit 10
            daemon=$(gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
              --method org.freedesktop.DBus.GetConnectionUnixProcessID org.freedesktop.secrets | tr -dc '0-9 ' | cut -c 3-)
            trap "kill -CONT $daemon; kill $daemon" EXIT
            kill -STOP $daemon || exit 16
            "$0" list --no-input 2>silent; [ $? = 77 ] || exit 11
            "$0" slot add keyring --identity identity 2>adding; [ $? = 2 ] || exit 12
            "$0" list --identity identity || exit 13
            kill -CONT $daemon
            gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets \
              --method org.freedesktop.Secret.Service.Lock \
              "[objectpath '/org/freedesktop/secrets/collection/login']" >/dev/null || exit 14
            "$0" list --no-input 2>locked; [ $? = 77 ] || exit 15
            exit 0
            """)
        #expect(outcome.status == 0, "\(outcome.err)")
        // Asked once, however many slots there are.
        #expect(sandbox.text("silent").components(separatedBy: "no answer within 3 seconds").count == 2)
        #expect(sandbox.text("adding").contains("no answer within 3 seconds"))
        #expect(sandbox.text("locked").contains("the keyring is locked"))
        let slots = try await sandbox.rekeep("slot", "list", "--json").object["slots"] as? [[String: Any]]
        #expect(slots?.count == 4)
    }

    @Test func `without a session bus the reason is told, and a test back end is refused`() async throws {
        let sandbox = try await Sandbox()
        let plain = try await sandbox.rekeep("slot", "add", "keyring")
        #expect(plain.status == 2)
        #expect(plain.err.contains("no D-Bus session"))
        for variable in ["SECRET_BACKEND", "SECRET_FILE_TEST_PATH", "SECRET_FILE_TEST_PASSWORD"] {
            let refused = try await sandbox.run(
                [Sandbox.products + "/rekeep", "slot", "add", "keyring"], more: [variable: sandbox.file("stolen")])
            #expect(refused.status == 78)
            #expect(refused.err.contains("unset \(variable)"))
        }
        #expect(!FileManager.default.fileExists(atPath: sandbox.file("stolen")))
    }

    /// libsecret costs more than all the rest of a start.
    @Test func `libsecret is not loaded unless a keyring is asked`() async throws {
        let sandbox = try await Sandbox()
        let trace = sandbox.file("trace")
        let outcome = try await sandbox.run([
            "strace", "-f", "-qq", "-e", "trace=openat", "-o", trace, Sandbox.products + "/rekeep", "list",
        ])
        #expect(outcome.status == 0)
        #expect(!sandbox.text("trace").contains("libsecret"))
    }
}
