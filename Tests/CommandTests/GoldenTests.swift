import Foundation
import Testing

/// What scripts and people rely on, command by command, as it was when it was last looked at. The commands are asked of the
/// program. `REKEEP_GOLDEN=write Scripts/test --filter GoldenTests` writes the files anew; read the difference.
struct GoldenTests {
    private struct Dump: Decodable {
        struct Command: Decodable {
            let commandName: String
            let subcommands: [Command]?

            func paths(below parents: [String]) -> [[String]] {
                (subcommands ?? []).filter { $0.commandName != "help" }.flatMap { command -> [[String]] in
                    let path = parents + [command.commandName]
                    return [path] + command.paths(below: path)
                }
            }
        }

        let command: Command
    }

    /// Every command that the program has, groups too.
    static let commands: [[String]] = {
        let program = Process()
        let output = Pipe()
        program.executableURL = URL(filePath: Sandbox.products + "/rekeep")
        program.arguments = ["--experimental-dump-help"]
        program.standardOutput = output
        try? program.run()
        let content = output.fileHandleForReading.readDataToEndOfFile()
        program.waitUntilExit()
        return ((try? JSONDecoder().decode(Dump.self, from: content))?.command.paths(below: [])) ?? []
    }()

    static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Golden")
        .standardizedFileURL.path

    private func compare(_ found: String, with file: String) throws {
        let path = Self.directory + "/" + file
        if ProcessInfo.processInfo.environment["REKEEP_GOLDEN"] == "write" {
            try Data(found.utf8).write(to: URL(filePath: path))
        }
        let golden = try? String(contentsOfFile: path, encoding: .utf8)
        #expect(found == golden, "\(file)")
    }

    @Test(arguments: commands) func `the help of a command is as it was`(path: [String]) async throws {
        let help = try await Sandbox(opens: false).rekeep(path + ["--help"])
        #expect(help.status == 0 && help.out.contains("USAGE: rekeep " + path.joined(separator: " ")))
        try compare(help.out, with: "help/" + path.joined(separator: "-") + ".txt")
    }

    @Test func `the JSON of every command is as it was`() async throws {
        let sandbox = try await Sandbox(opens: false)
        let rehearsal = try await Rehearsal()
        let values = #"{"reseller_id":"\#(rehearsal.reseller)","api_key":"\#(rehearsal.liveKey)"}"#
        var seen: Set<[String]> = []
        /// - Parameter count: how many of the words name the command.
        func run(_ words: String, naming count: Int = 1, input: String? = nil, status: Int32 = 0) async throws {
            let words = words.replacing("HERE", with: sandbox.directory).split(separator: " ").map(String.init)
            let outcome = try await sandbox.rekeep(words + ["--json"], input: input)
            #expect(outcome.status == status, "\(words): \(outcome.err)")
            seen.insert(Array(words[..<count]))
            try compare(
                normal(outcome.out, sandbox, rehearsal),
                with: "json/" + words[..<count].joined(separator: "-") + ".json")
        }
        try await run("init --identity-out HERE/identity --recovery-out HERE/recovery")
        try await run("add whmcs/live/domainnameapi --base-url \(rehearsal.liveURL) --input -", input: values)
        try await run("link wisecp/live/domainnameapi whmcs/live/domainnameapi")
        try await run("rename wisecp/live/domainnameapi cron/live/domainnameapi")
        try await run("list")
        try await run("show whmcs/live")
        try await run("edit whmcs/live --note seen")
        try await run("policy set */live/* --max-age 90d", naming: 2)
        try await run("policy list", naming: 2)
        try await run("policy unset */live/*", naming: 2)
        try await run("target add whmcs/live --path HERE/whmcs.env --preset whmcs", naming: 2)
        try await run("deploy")
        try await run("target list whmcs/live", naming: 2)
        try await run("env whmcs/live")
        try await run("drift")
        try await run("check")
        try await run("status", status: 1)
        try await run("nightly", status: 1)
        let new = try await rehearsal.regenerate()
        try await run("rotate whmcs/live --yes --input -", input: #"{"api_key":"\#(new)"}"#)
        try await run("target remove whmcs/live --path HERE/whmcs.env", naming: 2)
        try await run("remove cron/live/domainnameapi")
        try await run("providers show bearer", naming: 2)
        try sandbox.write(
            String(contentsOfFile: Self.directory + "/../Samples/mine.yaml", encoding: .utf8), to: "mine.yaml")
        try await run("providers validate HERE/mine.yaml", naming: 2)
        try await run("slot add identity --name second --out HERE/second", naming: 2)
        try await run("slot list", naming: 2)
        try await run("slot remove second --yes", naming: 2)
        try await run("slot keygen HERE/third", naming: 2)
        try await run("rekey")
        try await run("trust")
        try await run("backup HERE/copy.db")
        try await run("restore HERE/copy.db")
        try await run("log")
        try await run("verify")
        try await run("lock")
        // These wait a minute, need the kernel's keyring, or become another program: they have tests of their own.
        seen.formUnion([["retire"], ["unlock"], ["exec"]])
        let groups = Set(Self.commands.map { Array($0.dropLast()) })
        #expect(Set(Self.commands).subtracting(groups).subtracting(seen).isEmpty)
    }

    /// Without what differs from run to run; a member on each line.
    private func normal(_ text: String, _ sandbox: Sandbox, _ rehearsal: Rehearsal) -> String {
        var text = text.replacing(sandbox.directory, with: "HERE").replacing(rehearsal.url, with: "http://HOST")
            .replacing(rehearsal.reseller, with: "RESELLER").replacing(
                ProcessInfo.processInfo.hostName, with: "MACHINE")
        for (pattern, word) in [
            (#"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"#, "TIME"), (#"REKEEP-(VAULT|PUBLIC)-1-[A-Z0-9-]+"#, "CODE"),
            (#""(latency_ms|downtime_ms|downtime_at_least_ms|user)":[0-9]+"#, "\"$1\":0"),
        ] {
            text = text.replacingOccurrences(of: pattern, with: word, options: .regularExpression)
        }
        return text.replacing(",\"", with: ",\n\"")
    }
}
