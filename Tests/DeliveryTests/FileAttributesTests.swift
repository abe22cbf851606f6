import CLinux
import Credentials
import Foundation
import Glibc
import Subprocess
import Testing

@testable import Delivery

/// Access lists and other attributes by the system's own tools; mounts and marks where the test may make them.
struct FileAttributesTests {
    @discardableResult
    private func run(_ words: String...) async throws -> String {
        let result = try await Subprocess.run(
            .name(words[0]), arguments: Arguments(Array(words.dropFirst())), output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16))
        try #require(result.terminationStatus.isSuccess, "\(words): \(result.standardError)")
        return result.standardOutput
    }

    private func attribute(_ name: String, of path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = getxattr(path, name, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    @Test func `a file keeps its access list, its attributes and its mode`() async throws {
        let place = try Place("A_KEY=old\n", mode: 0o600)
        try await run("setfacl", "-m", "u:nobody:r", place.path)
        #expect(setxattr(place.path, "user.note", "mine", 4, 0) == 0)
        let before = try await run("getfacl", "-n", place.path)
        #expect(before.contains("group::---") && before.contains("mask::r--"))
        #expect(try place.writer().write(variables(["A_KEY": "new"])))
        #expect(place.content == "A_KEY=new\n")
        #expect(try await run("getfacl", "-n", place.path) == before)
        #expect(attribute("user.note", of: place.path) == "mine")
    }

    @Test func `a declared mode is the mask of an access list, and opens nothing to the group`() async throws {
        let place = try Place("A_KEY=old\n", mode: 0o600)
        try await run("setfacl", "-m", "u:nobody:r", place.path)
        #expect(try place.writer(mode: 0o640).write(variables(["A_KEY": "new"])))
        let list = try await run("getfacl", "-n", place.path)
        #expect(list.contains("group::---") && list.contains("mask::r--"), "\(list)")
    }

    @Test func `what a directory gives to new files does not come to one that had it not`() async throws {
        let place = try Place("A_KEY=old\n", mode: 0o640)
        try await run("setfacl", "-d", "-m", "u:nobody:rw", place.directory)
        #expect(try place.writer().write(variables(["A_KEY": "new"])))
        #expect(try await !run("getfacl", "-n", place.path).contains("user:65534"))
        #expect(place.mode == 0o640)
    }

    @Test func `a file with other names is refused, or written in place with all of them`() throws {
        let place = try Place("A_KEY=old\n")
        #expect(link(place.path, place.directory + "/other.env") == 0)
        let refusal = DeliveryError.hardLinks(path: place.path, count: 2)
        #expect(throws: refusal) { try place.writer().preflight(variables(["A_KEY": "new"])) }
        #expect(throws: refusal) { try place.writer().write(variables(["A_KEY": "new"])) }
        #expect(place.content == "A_KEY=old\n")
        let writer = try place.writer(isInPlace: true)
        try writer.preflight(variables(["A_KEY": "new"]))
        #expect(try writer.write(variables(["A_KEY": "new"])))
        #expect(try String(contentsOfFile: place.directory + "/other.env", encoding: .utf8) == "A_KEY=new\n")
        #expect(place.names == ["app.env", "other.env"])
    }

    @Test func `in place, a directory that others can write is refused`() throws {
        let place = try Place("A_KEY=old\n")
        #expect(chmod(place.directory, 0o777) == 0)
        #expect(throws: DeliveryError.directoryOpen(path: place.path)) {
            try place.writer(isInPlace: true).preflight(variables(["A_KEY": "new"]))
        }
    }

    @Test func `in place, the attributes that are declared are set on the same file`() throws {
        let place = try Place("A_KEY=new\n")
        let before = try FileManager.default.attributesOfItem(atPath: place.path)[.systemFileNumber] as? Int
        #expect(try place.writer(mode: 0o644, isInPlace: true).write(variables(["A_KEY": "new"])))
        #expect(place.mode == 0o644)
        #expect(try FileManager.default.attributesOfItem(atPath: place.path)[.systemFileNumber] as? Int == before)
    }

    @Test(.enabled(if: geteuid() == 0)) func `a file that cannot be changed is found before anything is`() async throws
    {
        let place = try Place("A_KEY=old\n")
        for (mark, canGrow) in [("i", false), ("a", true)] {
            try await run("chattr", "+" + mark, place.path)
            for isInPlace in [false, true] {
                #expect(throws: DeliveryError.immutable(path: place.path, canGrow: canGrow)) {
                    try place.writer(isInPlace: isInPlace).preflight(variables(["A_KEY": "new"]))
                }
            }
            try await run("chattr", "-" + mark, place.path)
        }
    }

    @Test(.enabled(if: geteuid() == 0)) func `a file that is mounted by itself is written in place or not at all`()
        async throws
    {
        let place = try Place("A_KEY=old\n")
        let host = try Place("A_KEY=old\n")
        try await run("mount", "--bind", host.path, place.path)
        defer { umount(place.path) }
        #expect(throws: DeliveryError.mountPoint(path: place.path)) {
            try place.writer().preflight(variables(["A_KEY": "new"]))
        }
        let refusal = #expect(throws: DeliveryError.self) {
            try host.writer().preflight(variables(["A_KEY": "new"]))
        }
        guard case .mountedElsewhere(host.path, _, place.path)? = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(try host.writer(isInPlace: true).write(variables(["A_KEY": "new"])))
        #expect(place.content == "A_KEY=new\n")
        #expect(try place.writer(isInPlace: true).write(variables(["A_KEY": "newer"])))
        #expect(host.content == "A_KEY=newer\n")
        // As an editor does, or an older rekeep.
        try Data("A_KEY=newest\n".utf8).write(to: URL(filePath: host.path), options: .atomic)
        let old = try host.writer().oldMount()
        guard case .mountedOld(host.path, _, place.path)? = old else {
            Issue.record("\(String(describing: old))")
            return
        }
    }

    @Test func `what the file has otherwise than declared, or than at the last delivery, is told`() throws {
        let place = try Place("A_KEY=x\n", mode: 0o640)
        #expect(try place.writer(mode: 0o600).held(["A_KEY"])?.differences == [.mode])
        let last = DeliveredAttributes(mode: 0o640, owner: 4242, group: getegid(), accessList: [1])
        #expect(try place.writer().held(["A_KEY"], since: last)?.differences == [.owner, .accessList])
    }
}
