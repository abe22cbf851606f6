import Foundation
import Glibc
import Sealing
import Testing

@testable import Delivery

/// A write in place that was killed, at whatever byte.
struct TargetJournalTests {
    private let before = "# mine\nA_KEY=old-old-old\nB=1\n"
    private let after = "# mine\nA_KEY=new\nB=1\n"

    /// The journal of a write from `before` to `after`, as it stands beside the file.
    private func leaveJournal(_ place: Place, key: TargetJournal = journal, path: String? = nil) throws -> String {
        var status = stat()
        #expect(stat(place.path, &status) == 0)
        let entry = TargetJournal.Entry(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), before: SecretBytes(before.utf8),
            after: SecretBytes(after.utf8))
        let name = place.directory + "/.app.env.rekeep-journal"
        try Data(key.seal(entry, path: path ?? place.path)).write(to: URL(filePath: name))
        return name
    }

    private func overwrite(_ place: Place, _ content: String) throws {
        let file = try #require(fopen(place.path, "r+"))
        fputs(content, file)
        ftruncate(fileno(file), content.utf8.count)
        fclose(file)
    }

    @Test func `whatever part was written, the next command makes it whole`() throws {
        for count in 0...after.utf8.count {
            let place = try Place(before)
            let journal = try leaveJournal(place)
            try overwrite(place, String(after.prefix(count)) + String(before.dropFirst(count)))
            try place.writer(isInPlace: true).recover()
            let isUntouched = count == 0 || after.prefix(count) == before.prefix(count)
            #expect(place.content == (isUntouched ? before : after), "\(count)")
            #expect(!FileManager.default.fileExists(atPath: journal))
        }
    }

    @Test func `a file that somebody has changed since is left alone, with the journal`() throws {
        let place = try Place("C=3\nother\n")
        let name = try leaveJournal(place)
        #expect(throws: DeliveryError.journalUnknown(path: name)) { try place.writer(isInPlace: true).recover() }
        #expect(place.content == "C=3\nother\n")
        #expect(FileManager.default.fileExists(atPath: name))
    }

    @Test func `another file in the place makes the journal void`() throws {
        let place = try Place(before)
        let name = try leaveJournal(place)
        try Data("C=3\n".utf8).write(to: URL(filePath: place.path), options: .atomic)
        try place.writer(isInPlace: true).recover()
        #expect(place.content == "C=3\n")
        #expect(!FileManager.default.fileExists(atPath: name))
    }

    @Test func `a journal that is not sealed by the vault for this path is not believed`() throws {
        let place = try Place("A_KEY=" + before)
        let stranger = TargetJournal(key: SecretBytes([UInt8](repeating: 8, count: 32)))
        for (key, path) in [(stranger, nil), (journal, "/etc/passwd")] as [(TargetJournal, String?)] {
            let name = try leaveJournal(place, key: key, path: path)
            #expect(throws: DeliveryError.journalUnknown(path: name)) { try place.writer(isInPlace: true).recover() }
        }
        let name = place.directory + "/.app.env.rekeep-journal"
        try FileManager.default.removeItem(atPath: name)
        try FileManager.default.createSymbolicLink(atPath: name, withDestinationPath: "/etc/passwd")
        #expect(throws: DeliveryError.journalUnknown(path: name)) { try place.writer(isInPlace: true).recover() }
        #expect(place.content == "A_KEY=" + before)
    }
}
