import Foundation
import Testing

/// Disks that fail. After every failure the vault is as before or as after, never between, and the message says which.
struct FaultTests {
    /// The calls that can fail, and the error they fail with.
    private static let calls = [("open", EMFILE), ("write", ENOSPC), ("fsync", EIO), ("rename", EIO)]

    private let sandbox: Sandbox
    private let rehearsal: Rehearsal
    private let shim: String
    /// Files that belong to the state before.
    private let kept = ["vault.db", "state", "whmcs.env", "wisecp.env"]

    init() async throws {
        sandbox = try await Sandbox()
        rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        shim = NSTemporaryDirectory() + (sandbox.directory as NSString).lastPathComponent + ".so"
        try await sandbox.build("faults.c", to: shim, "-shared", "-fPIC")
        try #require(await sandbox.run(["mkdir", "before"]).status == 0)
        try #require(await sandbox.run(["cp", "-a"] + kept + ["before/"]).status == 0)
    }

    private func putBack() async throws {
        let script = "rm -rf vault.db* new.* state whmcs.env* wisecp.env* .??* && cp -a before/. ."
        try #require(await sandbox.run(["sh", "-c", script]).status == 0)
    }

    private func run(_ command: [String], call: String, code: Int32, at number: Int, stays: Bool = false) async throws
        -> Sandbox.Outcome
    {
        var variables = [
            "LD_PRELOAD": shim, "FAULT_UNDER": sandbox.directory, "FAULT_CALL": call, "FAULT_AT": "\(number)",
            "FAULT_ERRNO": "\(code)", "FAULT_COUNT": shim + ".count",
        ]
        if stays { variables["FAULT_STAYS"] = "1" }
        return try await sandbox.run([Sandbox.products + "/rekeep"] + command, more: variables)
    }

    private func count(of call: String, in command: [String]) async throws -> Int {
        try await putBack()
        let outcome = try await run(command, call: call, code: 0, at: 0)
        try #require(outcome.status == 0, "\(outcome.err)")
        let text = try String(contentsOfFile: shim + ".count", encoding: .utf8)
        return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    private func generation() async throws -> Int {
        let verified = try await sandbox.rekeep("verify", "--json")
        #expect(verified.status == 0, "\(verified.out)\(verified.err)")
        return try #require(verified.object["generation"] as? Int)
    }

    /// Lets calls of `command` fail in their turn, once and from then on, and hands what is left to `judge`.
    /// - Parameter stride: of every so many writes one fails, and of the other calls of a command with many one of three;
    ///   which ones differs from run to run, and a failure names its own.
    private func failing(
        _ command: [String], every stride: Int = 1,
        _ judge: (Sandbox.Outcome, _ point: String) async throws -> Void
    ) async throws {
        defer {
            unlink(shim)
            unlink(shim + ".count")
        }
        var failures = 0
        for (call, code) in Self.calls {
            let total = try await count(of: call, in: command)
            #expect(total > 0, "\(call)")
            let step = call == "write" ? stride : total > 20 ? 3 : 1
            for number in Swift.stride(from: Int.random(in: 1...min(step, total)), through: total, by: step) {
                for stays in [false, true] {
                    try await putBack()
                    let outcome = try await run(command, call: call, code: code, at: number, stays: stays)
                    if outcome.status != 0 { failures += 1 }
                    try await judge(outcome, "\(call) \(number) of \(total)\(stays ? " and all after it" : "")")
                }
            }
        }
        #expect(failures > 0)
    }

    /// One transaction: the generation tells which side of it the vault is on, and the words must agree.
    private func judgeTransaction(_ before: Int, _ outcome: Sandbox.Outcome, _ point: String) async throws {
        let isChanged = try await generation() > before
        if outcome.status == 0 {
            #expect(isChanged, "\(point)")
        } else if isChanged {
            #expect(
                outcome.err.contains("the change is stored") || outcome.err.contains("can't be told"),
                "\(point): \(outcome.err)")
        } else {
            #expect(
                outcome.err.contains("nothing was changed") || outcome.err.contains("can't be told"),
                "\(point): \(outcome.err)")
        }
        #expect(outcome.status < 128, "\(point): \(outcome.err)")
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == rehearsal.liveKey)
    }

    @Test func `a disk that fails in an add`() async throws {
        let before = try await generation()
        try sandbox.write(#"{"token":"fake-token","balance_path":"/"}"#, to: "input.json")
        try await failing(
            [
                "add", "site/live/bearer", "--base-url", "http://127.0.0.1:9", "--no-check", "--input",
                sandbox.file("input.json"),
            ], every: 9
        ) { try await judgeTransaction(before, $0, $1) }
    }

    @Test func `a disk that fails in a slot add`() async throws {
        let before = try await generation()
        try await failing(["slot", "add", "identity", "--out", sandbox.file("new.identity")], every: 3) {
            outcome, point in
            try await judgeTransaction(before, outcome, point)
            // A slot without its identity would be one that nobody can open.
            let hasFile = FileManager.default.fileExists(atPath: sandbox.file("new.identity"))
            let slots = try await sandbox.rekeep("slot", "list", "--json").object["slots"] as? [Any]
            #expect(slots?.count == 2 || hasFile, "\(point)")
        }
    }

    @Test func `a disk that fails in a rekey`() async throws {
        let before = try await generation()
        try await failing(["rekey"], every: 9) { outcome, point in
            try await judgeTransaction(before, outcome, point)
            let code = try await sandbox.rekeep("list", "--passphrase-file", sandbox.file("recovery"))
            #expect(code.status == 0, "\(point)")
        }
    }

    @Test func `a disk that fails in a backup`() async throws {
        try await failing(["backup", sandbox.file("new.db")], every: 5) { outcome, point in
            _ = try await generation()
            let exists = FileManager.default.fileExists(atPath: sandbox.file("new.db"))
            #expect(exists == (outcome.status == 0), "\(point): \(outcome.err)")
            if exists {
                let copy = try await sandbox.rekeep("verify", "--vault", sandbox.file("new.db"))
                #expect(copy.status == 0, "\(point): \(copy.err)")
            }
            #expect(outcome.status < 128, "\(point): \(outcome.err)")
        }
    }

    @Test func `a disk that fails in a rotation`() async throws {
        let new = try await rehearsal.regenerate()
        try sandbox.write(#"{"api_key":"\#(new)"}"#, to: "input.json")
        let command = ["rotate", "whmcs/live/domainnameapi", "--yes", "--input", sandbox.file("input.json")]
        try await failing(command, every: 41) { outcome, point in
            _ = try await generation()
            #expect(outcome.status < 128, "\(point): \(outcome.err)")
            // Some stored key works or is pending, and from here the rotation can be finished.
            var resumed = try await sandbox.rekeep("rotate", "--resume", "whmcs/live/domainnameapi")
            if resumed.status == 66 {
                let shown = try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out
                if shown != new { resumed = try await sandbox.rekeep(command) }
            }
            #expect([0, 66].contains(resumed.status), "\(point): \(outcome.err) then \(resumed.err)")
            #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == new, "\(point)")
            #expect(sandbox.text("whmcs.env").contains(new) && sandbox.text("wisecp.env").contains(new), "\(point)")
        }
    }

    @Test func `a disk that is full`() async throws {
        // A file system of its own, as small as the vault and a little.
        let script = """
            set -e
            mkdir full && mount -t tmpfs -o size=400k none full
            trap 'umount full' EXIT
            cp vault.db full/vault.db
            head -c 1m /dev/zero >full/filler 2>/dev/null || true
            for command in "add site/live/bearer --base-url http://127.0.0.1:9 --no-check --input input.json" \\
                "slot add identity --out other" rekey "backup full/copy.db" "edit whmcs/live --note x"; do
                "$0" $command --vault full/vault.db 2>err && { echo "$command went through" >&2; exit 1; }
                grep -q 'nothing was changed' err || { cat err >&2; exit 1; }
                "$0" verify --vault full/vault.db >/dev/null
                [ ! -e full/copy.db ] && [ ! -e other ]
            done
            rm full/filler
            "$0" rekey --vault full/vault.db && "$0" verify --vault full/vault.db
            """
        try sandbox.write(#"{"token":"fake-token","balance_path":"/"}"#, to: "input.json")
        let outcome = try await sandbox.run(
            ["unshare", "--mount", "--", "sh", "-c", script, Sandbox.products + "/rekeep"])
        withKnownIssue("this container does not mount") {
            #expect(outcome.status == 0, "\(outcome.err)")
        } when: {
            outcome.err.contains("unshare failed") || outcome.err.contains("mount:")
        }
        unlink(shim)
    }

    @Test func `a rotation goes on when only this machine's record can't be written, and tells it in the end`()
        async throws
    {
        defer { unlink(shim) }
        let new = try await rehearsal.regenerate()
        try sandbox.write(#"{"api_key":"\#(new)"}"#, to: "new.json")
        let rotated = try await sandbox.run(
            [Sandbox.products + "/rekeep", "rotate", "whmcs/live", "--input", sandbox.file("new.json"), "--yes"],
            more: [
                "LD_PRELOAD": shim, "FAULT_UNDER": sandbox.file("state/rekeep"), "FAULT_CALL": "write", "FAULT_AT": "1",
                "FAULT_STAYS": "1", "FAULT_ERRNO": "\(ENOSPC)",
            ])
        #expect(rotated.status == 73, "\(rotated.err)")
        // A warning, and the end of it.
        #expect(rotated.err.components(separatedBy: "can't be written").count == 3, "\(rotated.err)")
        #expect(sandbox.text("whmcs.env").contains(new) && sandbox.text("wisecp.env").contains(new))
        #expect(try await sandbox.rekeep("drift").status == 0)
        #expect(try await sandbox.rekeep("check").status == 0)
    }
}
