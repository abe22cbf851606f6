import Foundation
import Testing

/// A key that must be seen nowhere but where it belongs: looked for in the memory of rekeep as it ends, in every
/// argument and variable of every process, in all that is written, on success and on each error path.
struct CanaryTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal
    private let shim: String
    private let looker: String

    init() async throws {
        sandbox = try await Sandbox(waits: false)
        rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        shim = sandbox.file("canary.so")
        looker = sandbox.file("look")
        try await sandbox.build("canary.c", to: shim, "-shared", "-fPIC")
        try await sandbox.build("canary.c", to: looker, "-DLOOK")
    }

    private static func inverted(_ canary: String) -> String {
        canary.utf8.map { String(format: "%02x", $0 ^ 0xFF) }.joined()
    }

    /// Where a value that was asked for may be written.
    private enum Showing {
        case nowhere
        case stdout
        case targets
    }

    private func look(
        for canary: String, in words: [String], status: Int32, showing: Showing = .nowhere, input: String? = nil
    ) async throws {
        let command = words.joined(separator: " ")
        try? FileManager.default.removeItem(atPath: sandbox.file("report"))
        // strace gives the shim to the program alone: its own memory is full of what it traces.
        // As `Scripts/package` links it: the lazy binding of a build for tests saves registers, and what passed through
        // them, on the stack.
        let settings = [
            "LD_BIND_NOW=1", "LD_PRELOAD=\(shim)", "CANARY=\(Self.inverted(canary))",
            "CANARY_REPORT=\(sandbox.file("report"))",
        ]
        let outcome = try await sandbox.run(
            ["strace", "-f", "-qq", "-y", "-v", "-s", "65535", "-o", sandbox.file("trace")]
                + ["-e", "trace=execve,write,writev,pwrite64,pwritev,sendto,sendmsg"]
                + settings.flatMap { ["-E", $0] } + [Sandbox.products + "/rekeep"] + words, input: input)
        #expect(outcome.status == status, "\(command): \(outcome.err)")
        let report = sandbox.text("report")
        #expect(report == "clean\n", "\(command): \(report) \(input ?? "")")
        #expect(!outcome.err.contains(canary), "\(command)")
        #expect(outcome.out.contains(canary) == (showing == .stdout), "\(command)")
        for line in sandbox.text("trace").split(separator: "\n") where line.contains(canary) {
            let call = line.split(separator: " ", maxSplits: 1).last ?? ""
            // To the courier, and by it to the provider.
            let isPipe = call.contains("(") && call.prefix(40).contains("<pipe:")
            let isSocket = call.prefix(60).contains("<TCP:") || call.prefix(60).contains("<socket:")
            let isTarget = showing == .targets && call.prefix(160).contains(".env.rekeep-")
            let isOutput = showing == .stdout && call.hasPrefix("write(1<")
            #expect(
                !call.hasPrefix("execve") && (isPipe || isSocket || isTarget || isOutput),
                "\(command): \(call.prefix(120))")
        }
    }

    /// What lies in files afterwards.
    private func searchFiles(for canaries: [String], allowed: Set<String>) throws {
        let files = try #require(FileManager.default.enumerator(atPath: sandbox.directory)?.allObjects as? [String])
        for name in files where !allowed.contains(name) && name != "trace" {
            let bytes = FileManager.default.contents(atPath: sandbox.file(name)) ?? Data()
            for canary in canaries { #expect(bytes.range(of: Data(canary.utf8)) == nil, "\(name)") }
        }
    }

    @Test func `a key is nowhere but in the vault, the targets and where it was asked for`() async throws {
        let old = rehearsal.liveKey
        for words in [
            ["list"], ["show", "whmcs/live"], ["show", "whmcs/live", "--json"], ["edit", "whmcs/live", "--note", "x"],
            ["check"], ["drift"], ["policy", "list"], ["verify"], ["log"], ["rekey"], ["slot", "list"],
            ["backup", sandbox.file("copy.db")], ["deploy"], ["link", "third/live/domainnameapi", "whmcs/live"],
        ] { try await look(for: old, in: words, status: 0) }
        try await look(for: old, in: ["status"], status: 1)
        for words in [
            ["show", "whmcs/live", "--field", "api_key"], ["env", "whmcs/live"], ["show", "whmcs/live", "--reveal"],
        ] {
            try await look(for: old, in: words, status: 0, showing: .stdout)
        }
        try FileManager.default.removeItem(atPath: sandbox.file("whmcs.env"))
        try await look(for: old, in: ["deploy"], status: 0, showing: .targets)

        let new = try await rehearsal.regenerate()
        try sandbox.write(#"{"api_key":"\#(new)"}"#, to: "new.json")
        let rotate = ["rotate", "whmcs/live", "--yes", "-v", "--input", sandbox.file("new.json")]
        try await look(for: new, in: rotate, status: 0, showing: .targets)
        try await look(for: old, in: ["retire", "whmcs/live"], status: 1)
        try await look(for: new, in: ["restore", sandbox.file("copy.db"), "--accept-rollback"], status: 0)
        try searchFiles(for: [old, new], allowed: ["whmcs.env", "wisecp.env", "new.json"])
    }

    /// Runs shell words up to a balance call that is never answered, and looks through all memory of rekeep that is not
    /// locked: `$rekeep` is the program.
    private func lookDuringCall(for canary: String, _ command: String, input: String = "") async throws -> String {
        try await rehearsal.fault(#"{"stalls":true}"#)
        let outcome = try await sandbox.run(
            [
                "bash", "-c",
                """
                rekeep=$0
                # As above.
                export LD_BIND_NOW=1
                exec 3<&0
                { \(command); } <&3 >said 2>&1 &
                first=$!
                \(try await rehearsal.untilAsked())
                # The program itself, or what the shell or the terminal started.
                found=$first
                until [[ $(readlink /proc/$found/exe) == */rekeep ]]; do
                  set -- $(cat /proc/$found/task/*/children)
                  found=${1:?}
                done
                CANARY=\(Self.inverted(canary)) ./look $found
                kill $(cat /proc/$found/task/*/children) $found
                wait
                """, Sandbox.products + "/rekeep",
            ], input: input)
        #expect(outcome.status == 0, "\(outcome.err) \(sandbox.text("said"))")
        return outcome.out
    }

    @Test func `while a balance call is under way, a key is in locked memory alone, however its characters lie`()
        async throws
    {
        let canary = "fake-canary-0123456789abcdef"
        let pasted = "{\"api_key\":\"\u{FEFF}\(canary)\u{200B} \",\"reseller_id\":\"\(rehearsal.reseller)\"}"
        let add = "$rekeep add new/live/domainnameapi --base-url \(rehearsal.liveURL)"
        #expect(try await lookDuringCall(for: canary, add + " --input -", input: pasted) == "clean\n")
        // Every character in the longest spelling that JSON has.
        let escaped = canary.utf16.map { String(format: "\\u%04x", $0) }.joined()
        let spelled = pasted.replacing(canary, with: escaped)
        #expect(try await lookDuringCall(for: canary, add + " --input -", input: spelled) == "clean\n")
        #expect(try await lookDuringCall(for: rehearsal.liveKey, "$rekeep check whmcs/live/domainnameapi") == "clean\n")
        // As somebody types it.
        try sandbox.write(
            """
            set timeout 60
            spawn -noecho {*}[lrange $argv 0 end]
            expect "Reseller ID" { send "\(rehearsal.reseller)\\r" } timeout { exit 99 }
            expect "not shown" { send "\(canary)\\r" } timeout { exit 98 }
            expect eof
            """, to: "typing")
        #expect(try await lookDuringCall(for: canary, "expect typing " + add) == "clean\n")
        // Who looks, finds.
        try sandbox.write(Array(canary).map { "\($0)xxxxxxx" }.joined() + canary, to: "holder")
        let seen = try await sandbox.run([
            "bash", "-c",
            """
            python3 -c 'import time; held = open("holder", "rb").read(); open("ready", "w"); time.sleep(600)' &
            until [ -e ready ]; do kill -0 $! || exit 9; sleep 0.05; done
            CANARY=\(Self.inverted(canary)) ./look $!
            kill $!
            """,
        ])
        #expect(seen.out.contains("every 8 bytes") && seen.out.contains("every 1 bytes"), "\(seen.out) \(seen.err)")
    }

    @Test func `a key is nowhere when something goes wrong, either`() async throws {
        let old = rehearsal.liveKey
        let canary = "fake-canary-0123456789abcdef"
        func input(_ text: String, _ words: String..., status: Int32) async throws {
            try await look(for: canary, in: words + ["--input", "-"], status: status, input: text)
        }
        let value = #""reseller_id":"\#(rehearsal.reseller)""#
        // Bad input of every kind.
        for (text, status) in [
            (#"{"api_key":"\#(canary)""#, Int32(65)), (#"["\#(canary)"]"#, 65),
            (#"{"api_key":"\#(canary)",\#(value),"api_key":"\#(canary)"}"#, 65), (#"{"api_key":["\#(canary)"]}"#, 65),
            (#"{"api_key":"\#(canary)"}"#, 65), (#"{"api_key":"\#(canary)\u0000",\#(value)}"#, 1),
            (#"{"reseller_id":"\#(canary)","api_key":"\#(rehearsal.reseller)"}"#, 65),
            (#"{"api_key":"\#(canary)",\#(value)}"#, 1),
        ] {
            try await input(
                text, "add", "new/live/domainnameapi", "--base-url", rehearsal.liveURL, status: status)
        }
        // A provider that refuses, is down, answers nonsense, repeats the key, redirects, or is not there.
        for (fault, status) in [
            (#"{"status":401}"#, Int32(1)), (#"{"status":503}"#, 69), (#"{"html":true}"#, 69),
            (#"{"redirect":"http://127.0.0.1:9/elsewhere"}"#, 69),
        ] {
            try await rehearsal.fault(fault)
            try await look(for: old, in: ["check", "whmcs/**"], status: status)
            try await input(
                #"{"api_key":"\#(canary)",\#(value)}"#, "add", "new/live/domainnameapi", "--base-url",
                rehearsal.liveURL, status: status)
        }
        try await rehearsal.fault("{}")
        try await input(
            #"{"api_key":"\#(canary)",\#(value)}"#, "add", "new/live/domainnameapi", "--base-url", "http://127.0.0.1:9",
            status: 69)
        // A rotation that is refused, and one whose targets cannot be written.
        try await input(#"{"api_key":"\#(canary)"}"#, "rotate", "whmcs/live", "--yes", status: 1)
        try await look(for: canary, in: ["rotate", "--abort", "whmcs/live", "--yes"], status: 0)
        try FileManager.default.removeItem(atPath: sandbox.file("whmcs.env"))
        try FileManager.default.createDirectory(atPath: sandbox.file("whmcs.env"), withIntermediateDirectories: false)
        try await look(for: old, in: ["deploy", "whmcs/live"], status: 73)
        try await look(for: old, in: ["drift", "whmcs/live"], status: 1)
        // A vault that is damaged, older, or not opened.
        try await look(for: old, in: ["show", "whmcs/live", "--field", "nothing"], status: 65)
        try await look(for: old, in: ["env", "nothing/live"], status: 66)
        try sandbox.write("wrong\n", to: "wrong")
        try await look(for: old, in: ["env", "whmcs/live", "--passphrase-file", sandbox.file("wrong")], status: 77)
        let sql = "UPDATE secret SET sealed = zeroblob(length(sealed)); DELETE FROM log"
        try #require(await sandbox.run(["sqlite3", sandbox.vault, sql]).status == 0)
        try await look(for: old, in: ["env", "whmcs/live"], status: 76)
        try await look(for: old, in: ["verify"], status: 1)
        try searchFiles(for: [old, canary], allowed: ["wisecp.env"])
    }
}
