import Foundation
import Testing

/// Every table at a terminal of 80 columns and 24 lines.
struct TableTests {
    private let sandbox: Sandbox

    init() async throws {
        sandbox = try await Sandbox()
    }

    /// The lines of a command at a terminal, without colours.
    private func lines(_ words: String, columns: Int = 80) async throws -> [String] {
        let script = """
            set timeout 60
            set stty_init "rows 24 cols \(columns)"
            spawn \(Sandbox.products)/rekeep \(words) --color never
            expect eof
            """
        let outcome = try await sandbox.run(["expect", "-c", script])
        return outcome.out.split(whereSeparator: \.isNewline).dropFirst().map(String.init)
    }

    private let long = "an-application-with-a-name-that-somebody-made-far-too-long"

    /// A credential with a short address and one with a long one, each with a target in a deep directory.
    private func fill() async throws {
        let directory = sandbox.file("a/rather/deep/directory/as/panels/have/them/below/their/document/root")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (number, application) in ["whmcs", long].enumerated() {
            let added = try await sandbox.rekeep(
                "add", "\(application)/live/bearer@acme", "--base-url", "http://127.0.0.1:9", "--no-check", "--input",
                "-",
                input: #"{"token":"fake-token-\#(number)","balance_path":"/"}"#)
            try #require(added.status == 0, "\(added.err)")
            let target = try await sandbox.rekeep(
                "target", "add", "\(application)/live", "--path", "\(directory)/\(number).env", "--hook", "true")
            try #require(target.status == 0, "\(target.err)")
        }
        try #require(await sandbox.rekeep("deploy").status == 0)
        try #require(await sandbox.rekeep("policy", "set", "\(long)/*/*", "--max-age", "30d").status == 0)
    }

    private static let tables = [
        "status", "check", "log", "target list", "slot list", "drift", "deploy", "policy list", "providers",
        "providers bearer", "show whmcs/live", "rotate --status",
    ]

    @Test func `every table fits, whatever is in it`() async throws {
        try await fill()
        for words in Self.tables {
            for columns in [80, 60] {
                let lines = try await lines(words, columns: columns)
                #expect(!lines.isEmpty)
                // A remark is a sentence, and wraps.
                for line in lines where line.contains("  ") && !line.hasPrefix("  ") {
                    #expect(line.count <= columns, "\(words): \(line)")
                }
            }
        }
        #expect(
            try await lines("status").contains {
                $0.hasPrefix("an-applicatio") && $0.contains("…") && $0.contains("acme ")
            })
        // Into a pipe everything goes as it is.
        #expect(try await sandbox.rekeep("status").out.contains(long))
    }

    @Test func `the most urgent stands first, and the last line counts`() async throws {
        try await fill()
        let later = try await sandbox.rekeep("status", after: "40d")
        let lines = later.out.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[1].hasPrefix(long) && lines[1].contains("overdue"), "\(later.out)")
        #expect(lines[3] == "2 of 2 need you: 1 overdue, 2 unproved")
        #expect(try await sandbox.rekeep("status", "--flagged", "nobody/**").status == 66)
    }

    @Test func `only what is flagged is shown when that is asked for`() async throws {
        try await fill()
        let rehearsal = try await Rehearsal()
        #expect(try await sandbox.addBearer("good/live/bearer", rehearsal).status == 0)
        #expect(try await sandbox.rekeep("target", "add", "good/live", "--path", sandbox.file("g.env")).status == 0)
        #expect(try await sandbox.rekeep("deploy").status == 0)
        let flagged = try await sandbox.rekeep("status", "--flagged").out
        #expect(!flagged.contains("good/live") && flagged.contains("2 of 3 need you"))
        let checked = try await sandbox.rekeep("check").out.split(separator: "\n")
        #expect(checked.last?.hasPrefix("good/live/bearer") == true)
    }

    @Test func `quiet is silent when all is well, and says only what is not`() async throws {
        for words in [["nightly"], ["status"], ["drift"], ["verify"]] {
            let outcome = try await sandbox.rekeep(words + ["-q"])
            #expect(outcome.status == 0 && outcome.out + outcome.err == "", "\(words): \(outcome.out)\(outcome.err)")
        }
        let rehearsal = try await Rehearsal()
        #expect(try await sandbox.addBearer("good/live/bearer", rehearsal).status == 0)
        #expect(try await sandbox.rekeep("target", "add", "good/live", "--path", sandbox.file("g.env")).status == 0)
        #expect(try await sandbox.rekeep("deploy", "-q").out == "")
        let well = try await sandbox.rekeep("nightly", "-q")
        #expect(well.status == 0 && well.out + well.err == "", "\(well.out)\(well.err)")
        try await fill()
        let nightly = try await sandbox.rekeep("nightly", "-q")
        #expect(nightly.status == 1)
        #expect(nightly.out.contains("unreachable") && nightly.out.contains("2 of 3 need you"))
        #expect(!nightly.out.contains("good/live") && !nightly.out.contains("Generation"))
    }

    @Test func `an empty vault says what to do next, and a pattern that fits nothing is an error`() async throws {
        for words in [["list"], ["status"]] {
            #expect(try await sandbox.rekeep(words).out.contains("rekeep add whmcs/live/domainnameapi"))
            #expect(try await sandbox.rekeep(words + ["nobody/**"]).status == 66)
        }
        #expect(try await sandbox.rekeep("check").status == 66)
    }

    @Test func `a deployment that is read is in use`() async throws {
        let rehearsal = try await Rehearsal()
        for name in ["one", "two", "three"] {
            let token = name == "one" ? rehearsal.bearerToken : "fake-\(name)"
            let added = try await sandbox.addBearer(
                "\(name)/live/bearer", rehearsal, token: token, name == "one" ? "--max-age" : "--no-check",
                name == "one" ? "90d" : "-q")
            #expect(added.status == 0, "\(added.err)")
        }
        #expect(try await sandbox.rekeep("env", "one/live").status == 0)
        #expect(try await sandbox.rekeep("exec", "two/live", "--", "true").status == 0)
        func unused(_ after: String? = nil) async throws -> [Bool] {
            try await sandbox.rekeep(["status", "--json"], after: after).objects
                .map { ($0["flags"] as? [String])?.contains("unused") == true }
        }
        #expect(try await unused() == [false, true, false])
        #expect(try await unused("31d") == [true, true, true])
    }

    @Test func `the log names the slot, and shows what is asked for`() async throws {
        try await fill()
        #expect(
            try await sandbox.rekeep("slot", "add", "identity", "--name", "alice", "--out", sandbox.file("alice"))
                .status == 0)
        #expect(
            try await sandbox.rekeep("edit", "whmcs/live", "--note", "x", "--identity", sandbox.file("alice")).status
                == 0)
        let last = try #require(try await sandbox.rekeep("log", "-n", "1", "--json").objects.first)
        #expect(last["slot"] as? String == "alice" && last["action"] as? String == "edit")
        let about = try await sandbox.rekeep("log", "whmcs/**", "--json").objects.compactMap { $0["action"] as? String }
        #expect(about == ["add", "target add", "edit"])
        #expect(try await sandbox.rekeep("log", "--since", "1h", "--json", after: "2h").objects.isEmpty)
        #expect(try await sandbox.rekeep("log", "--since", "2020-01-01", "-n", "2", "--json").objects.count == 2)
    }

    @Test func `examples stand on a line each, and a command's own options first`() async throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: GoldenTests.directory + "/help") {
            let text = try String(contentsOfFile: GoldenTests.directory + "/help/" + name, encoding: .utf8)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let start = try #require(lines.firstIndex(of: "EXAMPLE"), "\(name)")
            for line in lines[(start + 1)...].prefix(while: { !$0.isEmpty }) {
                #expect(line.hasPrefix("  rekeep ") && line.count <= 80, "\(name): \(line)")
            }
            let options = lines.drop { $0 != "OPTIONS:" }.filter { $0.hasPrefix("  -") }
            if let vault = options.firstIndex(where: { $0.hasPrefix("  --vault ") }) {
                #expect(options[vault...].count == 12 || options[vault...].count == 11, "\(name)")
            }
        }
    }
}
