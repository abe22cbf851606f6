import Sealing

/// What a command came to, as each format shows it. Whoever adds a format adds a part here.
protocol Rendering {
    /// For programs: one document.
    var json: JSON { get }
    /// For a person: what is printed, in its order.
    var text: [Block] { get }
    /// What is left of it for a person who wants to hear only of what is wrong.
    var quietText: [Block] { get }
    /// What is said beside the result, on stderr.
    func remarks(in format: OutputFormat) -> [Remark]
    /// The program's exit status; 0 when what was asked about is well.
    var status: Int32 { get }
}

/// What was asked for is the text itself: it is printed however quiet rekeep is to be.
protocol DataRendering: Rendering {}

extension DataRendering {
    var quietText: [Block] { text }
}

extension Rendering {
    var quietText: [Block] { status == 0 ? [] : text }
    func remarks(in format: OutputFormat) -> [Remark] { [] }
    var status: Int32 { 0 }
}

/// How a result is to be printed.
enum OutputFormat {
    case text, json
}

/// A part of a result.
enum Block {
    case line(String)
    case table(Table)
    /// One line that holds a secret.
    case secretLine(SecretBytes)
    /// A value or a text of values, byte for byte.
    case exactly(SecretBytes, lineBreak: Bool)

    static func table<Row>(_ rows: [Row], _ columns: Table.Column<Row>...) -> Block { .table(Table(rows, columns)) }
    static func lines(_ lines: [String]) -> [Block] { lines.map(Block.line) }
}

/// Something beside the result.
enum Remark {
    /// Left out when less is to be said.
    case note(String)
    case warning(String)
    case complaint(Complaint)
}

extension Console {
    /// Prints a result and what there is to say about it.
    /// - Returns: the exit status.
    func show(_ rendering: any Rendering, as format: OutputFormat) -> Int32 {
        switch format {
        case .json: print(rendering.json)
        case .text:
            // A list can have a hundred thousand lines.
            var lines: [String] = []
            for block in isQuiet ? rendering.quietText : rendering.text {
                if case .line(let line) = block {
                    lines.append(line)
                    continue
                }
                print(lines)
                lines = []
                switch block {
                case .line: break
                case .table(let table): print(table)
                case .secretLine(let line): print(line: line)
                case .exactly(let secret, let lineBreak): print(exactly: secret, lineBreak: lineBreak)
                }
            }
            print(lines)
        }
        for remark in rendering.remarks(in: format) {
            switch remark {
            case .note(let line): note(line)
            case .warning(let line): warn(line)
            case .complaint(let complaint): complain(complaint)
            }
        }
        return rendering.status
    }
}

/// A sentence for a person, and what it says for a program.
struct SentenceRendering: Rendering {
    let sentences: [String]
    let members: [(String, JSON)]
    var notes: [String] = []

    init(_ sentences: String..., json members: [(String, JSON)], notes: [String] = []) {
        self.sentences = sentences
        self.members = members
        self.notes = notes
    }

    var json: JSON { .object(members) }
    var text: [Block] { Block.lines(sentences) }
    func remarks(in format: OutputFormat) -> [Remark] { notes.map(Remark.note) }
}
