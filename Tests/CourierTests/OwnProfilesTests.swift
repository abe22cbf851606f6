import Foundation
import Glibc
import Providers
import Testing

@testable import rekeep_courier

/// Who can write a profile decides where keys go.
struct OwnProfilesTests {
    private let directory = NSTemporaryDirectory() + "rekeep-profiles-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        try set(0o755, directory)
    }

    private func set(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func write(_ text: String, _ name: String, mode: Int = 0o644) throws {
        try Data(text.utf8).write(to: URL(filePath: directory + "/" + name))
        try set(mode, directory + "/" + name)
    }

    private func own(_ id: String) -> String { SampleProfile.text.replacing("id: mine", with: "id: \(id)") }

    private var catalog: ProfileCatalog { ProfileCatalog(ownDirectory: directory) }

    /// What is wrong with the profile of an id; nil when it can be used.
    private func problem(_ id: String) -> String? {
        do {
            _ = try catalog.profile(id)
            return nil
        } catch .badProfile(_, _, let problem) {
            return problem
        } catch {
            return "\(error)"
        }
    }

    @Test func `a profile of one's own is used, and says when it stands for a built-in one`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try write(SampleProfile.text, "mine.yaml")
        try write(own("gandi"), "gandi.yaml", mode: 0o600)
        let mine = try catalog.profile("mine").description
        #expect(mine.ownFile == directory + "/mine.yaml" && !mine.replacesBuiltIn && mine.replacingFile == nil)
        let gandi = try catalog.profile("gandi").description
        #expect(gandi.label == "Mine" && gandi.replacingFile == directory + "/gandi.yaml")
        #expect(try catalog.profile("bearer").description.ownFile == nil)
    }

    @Test(arguments: [0o664, 0o646, 0o666, 0o620])
    func `a file that others can write blocks its id, and never gives way to the built-in one`(mode: Int) throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try write(own("gandi"), "gandi.yaml", mode: mode)
        try write(SampleProfile.text, "mine.yaml")
        #expect(problem("gandi")?.contains("others can write to it (mode 0\(String(mode, radix: 8)))") == true)
        #expect(problem("mine") == nil && problem("bearer") == nil)
        let all = catalog.describe(nil, question: 1)
        #expect(all.descriptions?.map(\.id) == ["101domain", "bearer", "cloudflare", "domainnameapi", "mine"])
        #expect(all.faults?.count == 1)
    }

    @Test func `a directory that others can write blocks all that lies in it`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try write(own("gandi"), "gandi.yaml")
        try write(SampleProfile.text, "mine.yaml")
        try set(0o777, directory)
        #expect(problem("gandi")?.contains("others can write to its directory") == true)
        #expect(problem("mine")?.contains("others can write to its directory") == true)
        #expect(problem("bearer") == nil)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func `what belongs to somebody else blocks its id`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try write(own("gandi"), "gandi.yaml")
        try #require(chown(directory + "/gandi.yaml", 65_534, 65_534) == 0)
        #expect(problem("gandi") == "it belongs to another user (65534)")
        try write(own("gandi"), "gandi.yaml")
        try #require(chown(directory, 65_534, 65_534) == 0)
        #expect(problem("gandi") == "its directory belongs to another user (65534)")
        #expect(problem("bearer") == nil)
    }

    @Test(arguments: [
        ("gandi.yaml", "id: other"), ("gandi.yaml", "id: ["), ("gandi.yml", "id: gandi"), ("gandi.yaml", ""),
    ])
    func `a file with a fault or another profile's name blocks the id that it is named after`(
        name: String, id: String
    ) throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try write(SampleProfile.text.replacing("id: mine", with: id), name)
        #expect(problem("gandi") != nil)
        #expect(problem("bearer") == nil)
        #expect(throws: CourierReply.Refusal.self) { try catalog.profile("other") }
    }

    @Test func `what is no file blocks its id and makes nobody wait`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try #require(mkfifo(directory + "/gandi.yaml", 0o600) == 0)
        try FileManager.default.createDirectory(atPath: directory + "/bearer.yaml", withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: directory + "/cloudflare.yaml", withDestinationPath: "/nowhere")
        try write(String(repeating: "#", count: 70_000), "101domain.yaml")
        #expect(problem("gandi") == "is not a regular file")
        #expect(problem("bearer") == "is not a regular file")
        #expect(problem("cloudflare")?.hasPrefix("cannot be read") == true)
        #expect(problem("101domain") == "larger than 64 KiB")
        #expect(problem("domainnameapi") == nil)
    }

    @Test func `where nobody can tell what the directory holds, no profile is used`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try write("", "file")
        let catalog = ProfileCatalog(ownDirectory: directory + "/file")
        #expect(throws: CourierReply.Refusal.self) { try catalog.profile("bearer") }
        #expect(catalog.describe(nil, question: 1).faults?.count == 1)
        try FileManager.default.createSymbolicLink(atPath: directory + "/link", withDestinationPath: "/nowhere")
        #expect(throws: CourierReply.Refusal.self) {
            try ProfileCatalog(ownDirectory: directory + "/link").profile("bearer")
        }
        #expect(try ProfileCatalog(ownDirectory: directory + "/nothing").profile("bearer").description.id == "bearer")
    }

    @Test func `an unknown id is no fault of a file`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try write("id: [", "gandi.yaml")
        #expect(
            throws: CourierReply.Refusal.noSuchProvider(
                "nosuch", known: ["101domain", "bearer", "cloudflare", "domainnameapi"])
        ) { try catalog.profile("nosuch") }
    }
}
