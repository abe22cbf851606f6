/// Columns under headings, as wide as their content.
struct Table {
    private let headings: [String]
    private var rows: [[(text: String, tone: Style.Tone?)]] = []

    init(_ headings: String...) {
        self.headings = headings
    }

    mutating func add(_ cells: (text: String, tone: Style.Tone?)...) {
        rows.append(cells.map { (TerminalText.clean($0.text), $0.tone) })
    }

    mutating func add(_ cells: String...) { rows.append(cells.map { (TerminalText.clean($0), nil) }) }

    func lines(_ style: Style) -> [String] {
        let widths = headings.indices.map { column in
            rows.reduce(headings[column].count) { max($0, $1[column].text.count) }
        }
        let head = zip(headings, widths).map { Self.pad($0, to: $1) }.joined(separator: "  ")
        return [style.paint(Self.trimmed(head), .faint)]
            + rows.map { row in
                let cells = row.enumerated().map { column, cell in
                    let text = column == row.count - 1 ? cell.text : Self.pad(cell.text, to: widths[column])
                    return cell.tone.map { style.paint(text, $0) } ?? text
                }
                return Self.trimmed(cells.joined(separator: "  "))
            }
    }

    private static func pad(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func trimmed(_ line: String) -> String {
        var line = line[...]
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
