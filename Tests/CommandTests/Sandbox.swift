import Foundation
import Subprocess
import SystemPackage
import Testing

/// A home of its own for the built programs: no test sees another's vault, nor the user's.
final class Sandbox {
    /// What a program that ran left behind.
    struct Outcome {
        let status: Int32
        let out: String
        let err: String

        var json: Any? { try? JSONSerialization.jsonObject(with: Data(out.utf8)) }
        var objects: [[String: Any]] { json as? [[String: Any]] ?? [] }
        var object: [String: Any] { json as? [String: Any] ?? [:] }
    }

    let directory: String
    /// Where the test binaries were built.
    static let products: String = {
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let arguments = ([own] + CommandLine.arguments).compactMap { $0 }
        for path in arguments {
            let directory = (path as NSString).deletingLastPathComponent
            if FileManager.default.isExecutableFile(atPath: directory + "/rekeep-courier") { return directory }
        }
        fatalError("the programs have not been built")
    }()

    /// Where a test puts profiles of its own.
    private var ownProfiles: String { directory + "/.config/rekeep/providers" }
    var identity: String { directory + "/identity" }
    var vault: String { directory + "/vault.db" }

    /// - Parameters:
    ///   - opens: make a vault with an identity slot and a recovery code.
    ///   - waits: the built-in profiles are used as they are; false where a test has keys refused, and would wait two
    ///     minutes each time for one that may become live, or meet the limit of wrong keys.
    init(opens: Bool = true, waits: Bool = true) async throws {
        directory = NSTemporaryDirectory() + "rekeep-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: ownProfiles, withIntermediateDirectories: true)
        if !waits { try shortenActivation() }
        guard opens else { return }
        let made = try await rekeep("init", "--identity-out", identity, "--recovery-out", directory + "/recovery")
        try #require(made.status == 0, "\(made.err)")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// The built-in profiles with an activation window of a second, and room for wrong keys.
    private func shortenActivation() throws {
        let profiles = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/rekeep-courier/Profiles")
        for name in try FileManager.default.contentsOfDirectory(atPath: profiles.path) {
            let text = try String(contentsOf: profiles.appending(path: name), encoding: .utf8)
            let shortened = text.replacing(
                "activation_window: 2m", with: "activation_window: 1s\nwrong_attempts: { most: 1000, per: 10m }")
            try Data(shortened.utf8).write(to: URL(filePath: ownProfiles + "/" + name))
        }
    }

    /// The whole environment that a program gets: nothing of the user's.
    var environment: [String: String] {
        var variables = [
            "HOME": directory, "PATH": "/usr/bin:/bin", "REKEEP_VAULT": vault, "LANG": "C.UTF-8", "TERM": "dumb",
            "XDG_STATE_HOME": directory + "/state",
        ]
        if FileManager.default.fileExists(atPath: identity) { variables["REKEEP_IDENTITY"] = identity }
        return variables
    }

    func rekeep(_ arguments: String..., input: String? = nil, after span: String? = nil) async throws -> Outcome {
        try await rekeep(arguments, input: input, after: span)
    }

    /// - Parameter span: run as if so much time had passed, such as `200d`: a test clock, not the system's.
    func rekeep(_ arguments: [String], input: String? = nil, after span: String? = nil) async throws -> Outcome {
        let program = [Self.products + "/rekeep"]
        guard let span else { return try await run(program + arguments, input: input) }
        // Timers go by the monotonic clock; where that is faked too, a sleep never ends.
        return try await run(
            ["faketime", "-f", "+" + span] + program + arguments, input: input,
            more: ["FAKETIME_DONT_FAKE_MONOTONIC": "1"])
    }

    func run(_ words: [String], input: String? = nil, more: [String: String] = [:]) async throws -> Outcome {
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment.merging(more, uniquingKeysWith: { $1 }) {
            variables[Environment.Key(stringLiteral: name)] = value
        }
        let result = try await Subprocess.run(
            .path("/usr/bin/env"), arguments: Arguments(words), environment: .custom(variables),
            workingDirectory: FilePath(directory), input: .string(input ?? ""), output: .string(limit: 64 << 20),
            error: .string(limit: 16 << 20))
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Outcome(status: status, out: result.standardOutput, err: result.standardError)
    }

    /// Compiles `Tests/Shims/SOURCE` to `path`.
    func build(_ source: String, to path: String, _ flags: String...) async throws {
        let shims = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Shims").path
        let built = try await run(["cc", "-O1"] + flags + ["-o", path, shims + "/" + source, "-ldl"])
        try #require(built.status == 0, "\(built.err)")
    }

    func file(_ name: String) -> String { directory + "/" + name }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
    }

    func text(_ name: String) -> String { (try? String(contentsOfFile: file(name), encoding: .utf8)) ?? "" }
}
