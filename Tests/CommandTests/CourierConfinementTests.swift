import Foundation
import Testing

/// What a hole in one of the programs gives to whoever uses it: system calls are made by the running programs themselves.
@Suite(.enabled(if: geteuid() == 0, "attaching to a program that cannot be attached to takes root"))
struct CourierConfinementTests {
    private let sandbox: Sandbox
    private let inject: String

    init() async throws {
        sandbox = try await Sandbox(waits: false)
        inject = sandbox.file("inject")
        try await sandbox.build("inject.c", to: inject)
    }

    /// Everything that somebody would want who got into the courier. `PARENT` is `rekeep`.
    private var attempts: [String] {
        [
            "read=\(sandbox.identity)", "read=\(sandbox.vault)", "read-old=\(sandbox.vault)",
            "list=\(sandbox.directory)",
            "read=/etc/passwd", "read=/proc/PARENT/environ", "read=/proc/PARENT/maps", "list=/proc",
            "change=\(sandbox.file("whmcs.env"))",
            "change=/dev/null", "create=\(sandbox.file("made"))", "create-old=\(sandbox.file("made"))",
            "create=/tmp/made",
            "truncate=\(sandbox.vault)", "remove=\(sandbox.vault)", "chmod=\(sandbox.identity)",
            "make-directory=\(sandbox.file("made"))", "execve", "execveat", "fork", "keyctl", "ptrace=PARENT",
            "memory=PARENT", "memory-write=PARENT", "io_uring", "bind", "raw", "unix", "netlink", "pair", "kill=PARENT",
            "pidfd_open=PARENT", "unshare", "memfd_create", "prlimit=PARENT",
            "owner=PARENT", "signal-of-a-file", "inotify", "priority=PARENT", "affinity=PARENT", "dumpable", "outlive",
        ]
    }

    /// Runs shell words while a `check` waits for its answer: `$first` is rekeep, `$courier` the courier.
    private func duringCheck(_ rehearsal: Rehearsal, _ script: String) async throws -> Sandbox.Outcome {
        try await rehearsal.fault(#"{"stalls":true}"#)
        return try await sandbox.run([
            "bash", "-c",
            """
            "$0" check whmcs/live/domainnameapi >/dev/null 2>&1 &
            first=$!
            \(try await rehearsal.untilAsked())
            courier=$(cat /proc/$first/task/*/children)
            courier=${courier// /}
            \(script)
            kill $first $courier
            wait
            """, Sandbox.products + "/rekeep",
        ])
    }

    private static func results(_ outcome: Sandbox.Outcome) -> [(attempt: String, result: String)] {
        outcome.out.split(separator: "\n").map { line in
            let words = line.split(separator: " ").map(String.init)
            return (words[0], words.last ?? "")
        }
    }

    #if arch(x86_64)
        @Test func `a courier that tries to reach files, keys, processes or programs is refused`() async throws {
            let rehearsal = try await Rehearsal()
            try await sandbox.shared(rehearsal)
            let outcome = try await duringCheck(
                rehearsal, "\(inject) $courier \(attempts.joined(separator: " ").replacing("PARENT", with: "$first"))")
            let results = Self.results(outcome)
            // Each of its threads has tried everything.
            #expect(results.count >= 3 * attempts.count, "\(outcome.err)")
            for (attempt, result) in results { #expect(["EPERM", "EACCES"].contains(result), "\(attempt): \(result)") }
            #expect(!FileManager.default.fileExists(atPath: sandbox.file("made")))
        }

        @Test func `what the courier is refused, a program without confinement may do`() async throws {
            try sandbox.write("", to: "whmcs.env")
            try sandbox.write("", to: "vault.db")
            for attempt in attempts {
                let outcome = try await sandbox.run([
                    "bash", "-c",
                    """
                    sleep 600 & first=$!
                    sleep 600 & other=$!
                    # Until they sleep.
                    for one in $first $other; do until grep -q nanosleep /proc/$one/wchan; do sleep 0.01; done; done
                    \(inject) $first \(attempt.replacing("PARENT", with: "$other"))
                    kill $first $other
                    rm -rf /tmp/made made
                    """,
                ])
                let result = try #require(Self.results(outcome).first?.result, "\(attempt): \(outcome.err)")
                #expect(!["EPERM", "EACCES"].contains(result), "\(attempt)")
                try sandbox.write("", to: "vault.db")
            }
        }

        @Test func `a confined courier has what it needs`() async throws {
            let rehearsal = try await Rehearsal()
            try await sandbox.shared(rehearsal)
            let own = sandbox.file(".config/rekeep/providers/bearer.yaml")
            let outcome = try await duringCheck(
                rehearsal, "\(inject) $courier tcp udp6 read=/etc/hosts read=/etc/resolv.conf read=\(own)")
            let results = Self.results(outcome)
            #expect(results.count >= 3 * 5, "\(outcome.err)")
            for (attempt, result) in results { #expect(result == "done", "\(attempt)") }
        }

        @Test func `a call that the filter does not know is answered as one that is not there`() async throws {
            let rehearsal = try await Rehearsal()
            try await sandbox.shared(rehearsal)
            let outcome = try await duringCheck(rehearsal, "\(inject) $courier clone3 openat2 call-from-tomorrow")
            let results = Self.results(outcome)
            #expect(!results.isEmpty, "\(outcome.err)")
            for (attempt, result) in results { #expect(result == "ENOSYS", "\(attempt)") }
        }

        @Test func `a command that starts nothing can open no connection and start no program`() async throws {
            // It waits for its passphrase, with the filter in place.
            let outcome = try await sandbox.run([
                "bash", "-c",
                """
                mkfifo passphrase
                "$0" list --passphrase-file passphrase >/dev/null 2>&1 &
                until [ "$(cat /proc/$!/wchan)" = wait_for_partner ]; do kill -0 $! || exit 9; sleep 0.01; done
                \(inject) $! unix tcp udp6 raw netlink execve execveat io_uring
                kill $!
                """, Sandbox.products + "/rekeep",
            ])
            let results = Self.results(outcome)
            #expect(results.count == 8, "\(outcome.err)")
            for (attempt, result) in results {
                #expect(result == (attempt == "unix" ? "done" : "EPERM"), "\(attempt): \(result)")
            }
        }

        @Test func `a value that is read alone is read without TCP`() async throws {
            let outcome = try await sandbox.run([
                "bash", "-c",
                """
                mkfifo fifo
                "$0" show site/live/bearer --field token --identity fifo >/dev/null 2>&1 &
                until [ "$(cat /proc/$!/wchan)" = wait_for_partner ]; do kill -0 $! || exit 9; sleep 0.01; done
                \(inject) $! bind connect
                kill $!
                """, Sandbox.products + "/rekeep",
            ])
            #expect(Self.results(outcome).map(\.result) == ["EACCES", "EACCES"], "\(outcome.err)")
        }
    #endif

    @Test func `every thread of the courier is confined, and none was there before`() async throws {
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        let outcome = try await duringCheck(
            rehearsal, "cat /proc/$courier/task/*/status | grep -E '^(Seccomp|NoNewPrivs|CapEff):'")
        let lines = outcome.out.split(separator: "\n").map { $0.filter { !$0.isWhitespace } }
        #expect(lines.count >= 9)
        // Of what root may do, only to read what belongs to others (CAP_DAC_READ_SEARCH).
        let right: Set = ["Seccomp:2", "NoNewPrivs:1", "CapEff:0000000000000004"]
        #expect(Set(lines) == right, "\(lines)")
        // Landlock confines the thread that asks and those that it starts.
        let traced = try await sandbox.run(
            [
                "strace", "-f", "-qq", "-o", sandbox.file("trace"), "-e", "trace=clone,clone3,landlock_restrict_self",
                Sandbox.products + "/rekeep-courier",
            ], input: #"{"id":0,"ask":"describe"}"# + "\n")
        #expect(traced.status == 0 && traced.out.contains("descriptions"))
        let first = try #require(sandbox.text("trace").split(separator: "\n").first)
        #expect(first.contains("landlock_restrict_self") && first.hasSuffix("= 0"), "\(first)")
    }

    /// strace answers for a kernel that has less.
    @Test(arguments: [
        (["landlock_create_ruleset"], "Landlock"), (["seccomp"], "seccomp"),
        (["landlock_create_ruleset", "seccomp"], "Landlock or seccomp"),
    ])
    func `where the kernel confines less, -v says so in one line, and nothing else does`(
        calls: [String], names: String
    ) async throws {
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        func check(_ more: [String]) async throws -> Sandbox.Outcome {
            try await sandbox.run(
                ["strace", "-f", "-qq", "-o", "/dev/null"]
                    + calls.flatMap { ["-e", "inject=\($0):error=ENOSYS"] }
                    + [Sandbox.products + "/rekeep", "rotate", "whmcs/live", "--yes", "--input", "new.json"] + more)
        }
        try sandbox.write(#"{"api_key":"\#(try await rehearsal.regenerate())"}"#, to: "new.json")
        let told = try await check(["-v"])
        #expect(told.status == 0, "\(told.err)")
        let line = "the courier is not confined by \(names): the kernel has none"
        #expect(told.err.split(separator: "\n").filter { $0.contains("confined") } == [Substring(line)], "\(told.err)")
        try sandbox.write(#"{"api_key":"\#(try await rehearsal.regenerate())"}"#, to: "new.json")
        let silent = try await check([])
        #expect(silent.status == 0 && !silent.err.contains("confined"), "\(silent.err)")
    }

    @Test func `a command that starts nothing says with -v that it is not confined`() async throws {
        for (more, line) in [(["-v"], "rekeep is not confined by seccomp: the kernel has none\n"), ([], "")] {
            let outcome = try await sandbox.run(
                ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=seccomp:error=ENOSYS"]
                    + [Sandbox.products + "/rekeep", "list"] + more)
            #expect(outcome.status == 0 && outcome.err == line, "\(outcome.err)")
        }
    }

    @Test func `a whole run tells nothing of its confinement`() async throws {
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        for words in [["check", "-v"], ["list", "-v"]] {
            let outcome = try await sandbox.rekeep(words)
            #expect(outcome.status == 0 && !outcome.err.contains("confined"), "\(outcome.err)")
        }
    }

    @Test func `a confined courier finds hosts by name, checks certificates, and goes through a proxy`() async throws {
        let server = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Shims/https.py").path
        let outcome = try await sandbox.run([
            "bash", "-c",
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
              -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem 2>/dev/null || exit 9
            mkfifo end
            python3 "$1" cert.pem key.pem fake-token-0123456789 <end >ports &
            exec 7>end
            until [ -s ports ]; do kill -0 $! || exit 8; sleep 0.05; done
            read api proxy <ports
            mkdir elsewhere certificates
            cp cert.pem elsewhere/
            ln -s ../elsewhere/cert.pem certificates/
            openssl rehash certificates
            input='{"token":"fake-token-0123456789","balance_path":"/tunnels","balance_pointer":"/tunnels"}'
            SSL_CERT_FILE=cert.pem "$0" add site/live/bearer --base-url https://localhost:$api --input - <<<"$input" \
              >/dev/null || exit 7
            check() { env "$@" "$rekeep" check --json | grep -oE '"(balance|message)":"[^"]*"'; }
            rekeep=$0
            check SSL_CERT_FILE=cert.pem
            check SSL_CERT_DIR=certificates
            check SSL_CERT_FILE=elsewhere/cert.pem HTTPS_PROXY=http://localhost:$proxy
            check SSL_CERT_DIR=/etc/ssl/certs
            check NOTHING=
            exec 7>&-
            wait
            """, Sandbox.products + "/rekeep", server,
        ])
        #expect(outcome.status == 0, "\(outcome.status) \(outcome.err)")
        let accepted = #""message":"the provider accepts it""#
        let unknown =
            #""message":"the certificate of localhost is not valid; look at the base URL and at this machine's certificates and clock""#
        #expect(
            outcome.out.split(separator: "\n")
                == [
                    #""balance":"0""#, accepted, #""balance":"0""#, accepted, #""balance":"1""#, accepted, unknown,
                    unknown,
                ].map { Substring($0) }, "\(outcome.out)")
    }

    @Test func `a profile that is linked from elsewhere, or is to be validated, is read`() async throws {
        let providers = sandbox.file(".config/rekeep/providers/")
        let text = sandbox.text(".config/rekeep/providers/bearer.yaml").replacing("id: bearer", with: "id: mine")
        try sandbox.write(text, to: "mine.yaml")
        let validated = try await sandbox.rekeep("providers", "validate", "mine.yaml")
        #expect(validated.status == 0 && validated.out.contains("mine"), "\(validated.err)")
        try FileManager.default.createSymbolicLink(
            atPath: providers + "mine.yaml", withDestinationPath: sandbox.file("mine.yaml"))
        let shown = try await sandbox.rekeep("providers", "mine")
        #expect(shown.status == 0 && shown.out.contains("mine"), "\(shown.err)")
        #expect(try await sandbox.rekeep("providers", "validate", "nowhere.yaml").status == 66)
    }
}
