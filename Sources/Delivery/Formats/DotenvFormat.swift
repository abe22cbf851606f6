internal import Sealing

/// A `.env` file for one reader, or for all of them.
struct DotenvFormat: TargetFormat {
    let name: String
    let readers: [any DotenvReader]

    /// All readers that are followed, in the order in which messages list them.
    static let readers: [any DotenvReader] = [
        ShellReader(), SystemdReader(), PhpdotenvReader(), SymfonyReader(), PythonDotenvReader(), DecoupleReader(),
        NodeReader(), RubyReader(),
    ]

    /// What all of them read alike.
    static let universal = DotenvFormat(name: "universal", readers: readers)

    init(reader: any DotenvReader) { self.init(name: reader.name, readers: [reader]) }

    private init(name: String, readers: [any DotenvReader]) {
        self.name = name
        self.readers = readers
    }

    func parse(_ content: SecretBytes) -> any ParsedTarget { DotenvFile(content, format: self) }

    func spelling(of variable: Variable) throws(DeliveryError) -> SecretBytes {
        do {
            return try encode(variable.value)
        } catch {
            let able = TargetFormats.all.filter { (try? ($0 as? DotenvFormat)?.encode(variable.value)) != nil }
            throw .notEncodable(variable: variable.name, error.reason, readers: able.map(\.name))
        }
    }

    /// The spelling that all read alike, where there is one; else the reader's own, if there is but one.
    func encode(_ value: SecretBytes) throws(UnencodableValue) -> SecretBytes {
        do {
            return try UniversalSpelling.encode(value)
        } catch {
            guard readers.count == 1, let reader = readers.first, UniversalSpelling.refusal(value) == nil else {
                throw error
            }
            let spelling = try reader.encode(value)
            guard reads(spelling, as: value) else { throw error }
            return spelling
        }
    }

    private func reads(_ spelling: SecretBytes, as value: SecretBytes) -> Bool {
        var line = SecretWriter(capacity: spelling.count + 4)
        line.append("AB=")
        spelling.withBytes { line.append($0) }
        line.append(.newline)
        return DotenvFile(line.finish(), format: self).held(["AB"])["AB"] == .value(value)
    }
}

extension DotenvReader {
    var needsUTF8: Bool { true }

    /// As `read`, for a file of any bytes.
    func reading(of content: UnsafeRawBufferPointer, wanting names: Set<String>) -> DotenvReading {
        let invalid = needsUTF8 ? Spelling.firstInvalid(in: content) : nil
        if let position = invalid ?? content.firstIndex(of: 0) {
            return DotenvReading(failure: DotenvFailure(position: position, trouble: .syntax))
        }
        return read(content, wanting: names)
    }
}
