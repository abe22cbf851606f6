/// Columns under headings, as wide as their content. The cells lie in one buffer, because a table can have a hundred
/// thousand rows.
struct Table {
    /// What stands in one column of every row.
    struct Column<Row> {
        let heading: String
        let text: (Row) -> String
        let tone: ((Row) -> Style.Tone?)?

        init(_ heading: String, tone: ((Row) -> Style.Tone?)? = nil, _ text: @escaping (Row) -> String) {
            self.heading = heading
            self.text = text
            self.tone = tone
        }
    }

    private struct Cell {
        let end: Int
        /// In characters.
        let width: Int
        let tone: Style.Tone?
    }

    private let headings: [String]
    private var content: [UInt8] = []
    private var cells: [Cell] = []
    private var widths: [Int]

    init<Row>(_ rows: [Row], _ columns: [Column<Row>]) {
        headings = columns.map(\.heading)
        widths = headings.map(\.count)
        cells.reserveCapacity(rows.count * columns.count)
        for row in rows {
            for (index, column) in columns.enumerated() {
                let text = TerminalText.clean(column.text(row))
                content.append(contentsOf: text.utf8)
                let width = text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.count
                widths[index] = max(widths[index], width)
                cells.append(Cell(end: content.count, width: width, tone: column.tone?(row)))
            }
        }
    }

    /// Writes all lines with their ends.
    func write(to output: inout OutputBuffer, _ style: Style) {
        var head = ""
        for (heading, width) in zip(headings, widths) {
            head += heading + String(repeating: " ", count: width - heading.count + 2)
        }
        while head.last == " " { head.removeLast() }
        output.append((style.start(.faint) + head + style.end + "\n").utf8)
        var start = 0
        for (index, cell) in cells.enumerated() {
            let column = index % headings.count
            let isLast = column == headings.count - 1
            let tone = cell.end == start ? nil : cell.tone
            if let tone { output.append(style.start(tone).utf8) }
            output.append(content[start..<cell.end])
            if !isLast { output.append(repeatElement(UInt8(ascii: " "), count: widths[column] - cell.width)) }
            if tone != nil { output.append(style.end.utf8) }
            start = cell.end
            if isLast {
                output.trim()
                output.append("\n")
            } else {
                output.append("  ")
            }
        }
    }
}
