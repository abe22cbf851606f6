import Foundation

/// Makes one Swift file of a directory of profiles, by the names of their files: `profile-bundler DIRECTORY OUTPUT`.
@main
struct ProfileBundler {
    static func main() throws {
        let directory = URL(filePath: CommandLine.arguments[1], directoryHint: .isDirectory)
        let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "yaml" }.sorted { $0.lastPathComponent < $1.lastPathComponent }
        let ids = files.map { $0.deletingPathExtension().lastPathComponent }
        let cases = try zip(ids, files).map { id, file in
            let text = try String(contentsOf: file, encoding: .utf8)
            return "        case \"\(id)\": return ####\"\"\"\n\(text)\n\"\"\"####\n"
        }
        let source = """
            /// The profiles in the binary, by id. Made from their files when the package is built.
            enum ProfileBundle {
                static let ids = [\(ids.map { "\"\($0)\"" }.joined(separator: ", "))]

                static func text(of id: String) -> String? {
                    switch id {
            \(cases.joined())        default: return nil
                    }
                }
            }

            """
        try source.write(to: URL(filePath: CommandLine.arguments[2]), atomically: true, encoding: .utf8)
    }
}
