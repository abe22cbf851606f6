import Credentials
import Foundation
import Sealing

@testable import Delivery

/// Of a vault that is nobody's.
let journal = TargetJournal(key: SecretBytes([UInt8](repeating: 7, count: 32)))

/// A directory of its own, with one file in it.
final class Place {
    let directory = NSTemporaryDirectory() + "rekeep-target-" + UUID().uuidString
    var path: String { directory + "/app.env" }

    init(_ content: String? = nil, mode: Int = 0o600) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        if let content {
            try Data(content.utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var content: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "(none)" }
    var mode: Int { (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) ?? -1 }
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted() }

    func writer(
        mode: UInt32? = nil, path: String? = nil, hook: [String] = [], reader: String = "universal",
        isInPlace: Bool = false
    ) throws -> TargetWriter {
        try TargetWriter(
            Target(
                path: path ?? self.path, preset: "plain", reader: reader, mode: mode, owner: nil, group: nil,
                hook: hook, isInPlace: isInPlace), of: try Deployment("a/live"), journal: journal)
    }
}

func variables(_ pairs: KeyValuePairs<String, String>) throws -> [Variable] {
    let address = try Address("a/live/x")
    return pairs.map { Variable(name: $0, value: SecretBytes($1.utf8), isSecret: true, address: address) }
}
