import Credentials
import Foundation
import Testing

@testable import Delivery

struct HookTests {
    private let place: Directory

    init() throws { place = try Directory() }

    /// A directory that only we can write, and what a hook is told.
    private final class Directory {
        let path = NSTemporaryDirectory() + "rekeep-hook-" + UUID().uuidString

        init() throws {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        /// A script, its path.
        func script(_ name: String, _ lines: String, mode: Int = 0o755) throws -> String {
            let file = path + "/" + name
            try Data("#!/bin/sh\ncd \(path)\n\(lines)\n".utf8).write(to: URL(filePath: file))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
            return file
        }

        func text(_ name: String) -> String { (try? String(contentsOfFile: path + "/" + name, encoding: .utf8)) ?? "" }
    }

    private func run(_ words: [String], within limit: Duration = Hook.timeout) async throws {
        try await Hook.run(words, after: Hook.Occasion(deployments: [], paths: []), within: limit)
    }

    @Test(arguments: [
        ("true", ["/usr/bin/true"]), ("sh -c 'exit 0'", ["/usr/bin/sh", "-c", "exit 0"]),
        ("/bin/true \"a b\" c\\ d", ["/usr/bin/true", "a b", "c d"]),
        ("/usr/bin/../bin/true ''", ["/usr/bin/true", ""]),
    ])
    func `a line is split into words, the program by its absolute path`(line: String, words: [String]) throws {
        #expect(try Hook.words(line) == words)
    }

    @Test(arguments: ["true && false", "true > x", "true $HOME", "true `x`", "true 'x", "true *"])
    func `what only a shell understands is refused`(line: String) {
        #expect(throws: DeliveryError.hookNeedsShell(line)) { try Hook.words(line) }
    }

    @Test func `a hook's end is told`() async throws {
        try await run(["/bin/true"])
        await #expect(throws: DeliveryError.hookFailed(program: "/bin/false", status: 1)) {
            try await run(["/bin/false"])
        }
        await #expect(throws: DeliveryError.hookFailed(program: "/bin/sh", status: 137)) {
            try await run(["/bin/sh", "-c", "kill -9 $$"])
        }
        // A bare name would be another program for whoever has another PATH.
        await #expect(throws: DeliveryError.hookNotFound("true")) { try await run(["true"]) }
    }

    @Test func `a hook that others can change is neither taken nor run`() async throws {
        let hook = try place.script("hook", "touch ran")
        func refused(as error: DeliveryError, _ program: String) async {
            #expect(throws: error) { try Hook.words(program) }
            await #expect(throws: error) { try await run([program]) }
        }
        try await run([hook])
        #expect(FileManager.default.fileExists(atPath: place.path + "/ran"))
        for mode in [0o775, 0o757, 0o777] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: hook)
            await refused(as: .hookChangeable(program: hook, path: hook, mode: UInt32(mode)), hook)
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
        // Whoever can write a directory above it can put another there.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: place.path)
        await refused(as: .hookChangeable(program: hook, path: place.path, mode: 0o777), hook)
        // Not where everybody may change only his own, such as /tmp.
        try FileManager.default.setAttributes([.posixPermissions: 0o1777], ofItemAtPath: place.path)
        #expect(throws: Never.self) { try Hook.words(hook) }
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place.path)
    }

    @Test func `an interpreter and a script that others can change are looked at like the hook`() async throws {
        let interpreter = try place.script("interpreter", "touch ran")
        let hook = place.path + "/hook"
        try Data("#!\(interpreter) -x\n".utf8).write(to: URL(filePath: hook))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
        #expect(try Hook.words(hook) == [hook])
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: interpreter)
        #expect(throws: DeliveryError.hookChangeable(program: interpreter, path: interpreter, mode: 0o777)) {
            try Hook.words(hook)
        }
        // The same file as a script that another program is to run.
        let words = ["/bin/sh", interpreter]
        #expect(throws: DeliveryError.hookChangeable(program: interpreter, path: interpreter, mode: 0o777)) {
            try Hook.words(words.joined(separator: " "))
        }
        await #expect(throws: DeliveryError.hookChangeable(program: interpreter, path: interpreter, mode: 0o777)) {
            try await run(words)
        }
        #expect(!FileManager.default.fileExists(atPath: place.path + "/ran"))
    }

    @Test func `a link to a hook is followed, and looked at like the hook`() async throws {
        let inner = place.path + "/inner"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        _ = try place.script("inner/hook", "")
        let link = place.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "inner/../inner/hook")
        // By its own name, so that what it leads to can be exchanged by whoever installs it.
        #expect(try Hook.words(link) == [link])
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: inner)
        #expect(throws: DeliveryError.hookChangeable(program: link, path: inner, mode: 0o777)) { try Hook.words(link) }
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: link)
        #expect(throws: DeliveryError.hookNotFound(link)) { try Hook.words(link) }
    }

    @Test(.enabled(if: geteuid() == 0, "to give a file away takes root"))
    func `a hook of another user is neither taken nor run`() async throws {
        let hook = try place.script("hook", "")
        try #require(chown(hook, 65_534, 65_534) == 0)
        let error = DeliveryError.hookOfAnother(program: hook, path: hook, owner: 65_534)
        #expect(throws: error) { try Hook.words(hook) }
        await #expect(throws: error) { try await run([hook]) }
        // In a directory in which everybody may make links, another user's leads where he wants.
        let mine = try place.script("mine", "")
        let link = place.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: mine)
        try #require(lchown(link, 65_534, 65_534) == 0)
        try FileManager.default.setAttributes([.posixPermissions: 0o1777], ofItemAtPath: place.path)
        #expect(throws: DeliveryError.hookOfAnother(program: link, path: link, owner: 65_534)) { try Hook.words(link) }
    }

    /// State of the processes that a script wrote down; those that have ended are gone, or wait to be asked for.
    private func alive(_ file: String) -> [Substring] {
        place.text(file).split(separator: "\n").filter { process in
            let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
            return !status.isEmpty && !status.contains("State:\tZ")
        }
    }

    @Test(arguments: [
        ("it ignores SIGTERM", "trap '' TERM; echo $$ >>processes; while :; do sleep 1; done"),
        (
            "its child does, and it has ended before",
            "(trap '' TERM; sh -c 'echo $$ >>processes; while :; do sleep 1; done') & echo $$ >>processes; wait"
        ),
        ("it follows", "echo $$ >>processes; exec sleep 600"),
    ])
    func `nothing of a hook outlives its time-out`(how: String, lines: String) async throws {
        let hook = try place.script("hook", lines)
        await #expect(throws: DeliveryError.hookTimedOut(program: hook, seconds: 1), "\(how)") {
            try await run([hook], within: .seconds(1))
        }
        #expect(!place.text("processes").isEmpty)
        // SIGKILL has been sent; that it has been followed is seen a moment later.
        for _ in 0..<100 where !alive("processes").isEmpty { try await Task.sleep(for: .milliseconds(50)) }
        #expect(alive("processes").isEmpty, "\(how)")
    }

    @Test func `a hook starts in the root directory and learns names alone`() async throws {
        let hook = try place.script("hook", "")
        try Data("#!/bin/sh\n{ pwd; env; } >\(place.path)/told\n".utf8).write(to: URL(filePath: hook))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
        try await Hook.run(
            [hook],
            after: Hook.Occasion(
                deployments: [try Deployment("a/live"), try Deployment("b/live")], paths: ["/srv/a.env", "/srv/b.env"]))
        let lines = place.text("told").split(separator: "\n").map(String.init)
        #expect(lines.first == "/")
        #expect(lines.contains("REKEEP_DEPLOYMENT=a/live b/live"))
        #expect(place.text("told").contains("REKEEP_TARGETS=/srv/a.env\n/srv/b.env\n"))
    }
}
