import Foundation

/// A provider's profile in which nothing is wrong.
enum SampleProfile {
    static let text: String = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Samples/mine.yaml")
        return ((try? String(contentsOf: file, encoding: .utf8)) ?? "").trimmingCharacters(in: .newlines)
    }()
}
