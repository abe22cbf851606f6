import Credentials
import Foundation
import Sealing
import Testing

@testable import Vault

/// Locks that belong to the vault's file.
struct LockTests {
    private let scratch: Scratch
    private let one = CredentialID.random()
    private let other = CredentialID.random()

    init() throws { scratch = try Scratch() }

    @Test func `a rotation excludes itself and the whole vault, and no other rotation`() throws {
        let (first, second) = (try LockFile(path: scratch.path), try LockFile(path: scratch.path))
        var held: VaultLock? = try first.lock(.rotation(one))
        #expect(throws: VaultError.self) { try second.lock(.rotation(one)) }
        #expect(throws: VaultError.self) { try second.lock(.wholeVault) }
        _ = try second.lock(.rotation(other))
        _ = try second.lock(.delivery(path: "/srv/.env"))
        withExtendedLifetime(held) {}
        held = nil
        let whole = try second.lock(.wholeVault)
        #expect(throws: VaultError.self) { try first.lock(.rotation(other)) }
        withExtendedLifetime(whole) {}
    }

    @Test func `another name of the vault, and another state directory, lead to the same lock`() throws {
        let link = scratch.directory + "-link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: scratch.directory)
        defer { try? FileManager.default.removeItem(atPath: link) }
        let held = try scratch.open().lock(.rotation(one))
        let vault = try VaultFile(path: link + "/vault.db").open(with: .pair(scratch.pair), stateDirectory: link)
        #expect(throws: VaultError.self) { try vault.lock(.rotation(one)) }
        withExtendedLifetime(held) {}
    }

    @Test func `a lock that goes leaves SQLite's own on the file`() throws {
        let vault = try scratch.open()
        let second = try scratch.open()
        try vault.write { transaction throws(VaultError) in
            do {
                let held = try vault.lock(.rotation(one))
                withExtendedLifetime(held) {}
            }
            // Whoever else wants to write now has to wait: a lock on the file that SQLite reserves tells.
            let words = ["sqlite3", scratch.path, "BEGIN IMMEDIATE"]
            #expect(Self.status(of: words) != 0)
        }
        _ = try second.read { $0.generation }
    }

    @Test func `the holder is named`() throws {
        let script = """
            import fcntl, struct, sys
            file = open(sys.argv[1], "r+b")
            fcntl.fcntl(file, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 1 << 60, 1 << 48, 0))
            print("held", flush=True)
            sys.stdin.read()
            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", script, scratch.path]
        let (said, ends) = (Pipe(), Pipe())
        process.standardOutput = said
        process.standardInput = ends
        try process.run()
        #expect(said.fileHandleForReading.availableData.starts(with: Data("held".utf8)))
        #expect(throws: VaultError.held(process: process.processIdentifier)) {
            try scratch.open().lock(.rotation(one))
        }
        try ends.fileHandleForWriting.close()
        process.waitUntilExit()
        _ = try scratch.open().lock(.rotation(one))
    }

    private static func status(of words: [String]) -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}

/// Keys that the vault could not take.
struct EmergencyFileTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func issued(_ value: String) -> IssuedValues {
        IssuedValues(
            credential: .random(), values: ["token": SecretBytes(value.utf8), "id": SecretBytes("x".utf8)],
            expires: Timestamp(seconds: 9), at: Timestamp(seconds: 5))
    }

    private func values(_ file: EmergencyFile) throws -> IssuedValues? {
        if case .values(let values) = try file.content() { values } else { nil }
    }

    private func text(_ values: IssuedValues?) -> [String] {
        (values?.values ?? []).map { field, value in
            field + "=" + value.withBytes { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test func `what was filled is read back by whoever opens the vault, and nothing in it is readable`() throws {
        var file: EmergencyFile? = try scratch.open().reserveEmergencyFile()
        guard case .nothing? = try file?.content() else { throw VaultError.cancelled }
        try file?.fill(issued("fake-key-issued"))
        let path = try #require(file?.path)
        #expect(try !String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self).contains("fake-key"))
        let found = try #require(try scratch.open().emergencyFiles().first)
        // Its maker is still there.
        #expect(try found.claim() == nil)
        file = nil
        #expect(try found.claim() != nil)
        let values = try values(found)
        #expect(text(values) == ["id=x", "token=fake-key-issued"])
        #expect(values?.expires == Timestamp(seconds: 9) && values?.at == Timestamp(seconds: 5))
        found.remove()
        #expect(try scratch.open().emergencyFiles().isEmpty)
    }

    @Test func `where the records cannot be, it lies beside the vault`() throws {
        let vault = try scratch.open()
        let id = vault.id.map { String(format: "%02x", $0) }.joined()
        _ = FileManager.default.createFile(atPath: scratch.state + "/\(id).emergency", contents: nil)
        let file = try vault.reserveEmergencyFile()
        #expect(file.path.contains("vault.db.emergency/"))
        try file.fill(issued("fake-key"))
        #expect(try text(vault.emergencyFiles().first.flatMap(values)).last == "token=fake-key")
        file.remove()
        #expect(!FileManager.default.fileExists(atPath: scratch.path + ".emergency"))
    }

    @Test func `a forged one, one of another vault and a link are not believed`() throws {
        let vault = try scratch.open()
        let file = try vault.reserveEmergencyFile()
        try file.fill(issued("fake-key"))
        var content = try Data(contentsOf: URL(filePath: file.path))
        let elsewhere = try Scratch(pair: scratch.pair)
        let foreign = try elsewhere.open().reserveEmergencyFile()
        try foreign.fill(issued("fake-key"))
        try content.write(to: URL(filePath: foreign.path))
        guard case .unknown = try foreign.content() else { throw VaultError.cancelled }
        for place in [0, 3, 40, 80] {
            var changed = content
            changed[place] ^= 0x80
            try changed.write(to: URL(filePath: file.path))
            #expect(try values(file) == nil, "\(place)")
        }
        content.removeAll()
        try FileManager.default.removeItem(atPath: file.path)
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: foreign.path)
        #expect(throws: VaultError.self) { try file.content() }
        #expect(throws: VaultError.self) { try file.claim() }
    }
}
