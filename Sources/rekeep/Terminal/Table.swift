/// Columns under headings, as wide as their content, or as a terminal has room for: then what matters least goes first,
/// and long texts are shortened. The cells lie in one buffer, because a table can have a hundred thousand rows.
struct Table {
    /// What stands in one column of every row.
    struct Column<Row> {
        let heading: String
        let fit: Fit
        let text: (Row) -> String
        let tone: ((Row) -> Style.Tone?)?

        init(
            _ heading: String, _ fit: Fit = .whole, tone: ((Row) -> Style.Tone?)? = nil,
            _ text: @escaping (Row) -> String
        ) {
            self.heading = heading
            self.fit = fit
            self.text = text
            self.tone = tone
        }
    }

    /// What becomes of a column where there is no room for all.
    enum Fit: Equatable {
        case whole
        /// The middle of a text goes, because both ends tell what it is.
        case middle
        /// The end of a text goes.
        case end
        /// The whole column goes; the lowest number first.
        case dropped(Int)
    }

    private struct Cell {
        let end: Int
        /// In characters.
        let width: Int
        let tone: Style.Tone?
    }

    /// Shorter than this is not made while a column can go instead.
    private static let readable = 24
    private static let least = 8

    private let headings: [String]
    private let fits: [Fit]
    private var content: [UInt8] = []
    private var cells: [Cell] = []
    private var widths: [Int]
    /// On a terminal a column that is empty in every row is not shown.
    private var isUsed: [Bool]

    init<Row>(_ rows: [Row], _ columns: [Column<Row>]) {
        headings = columns.map(\.heading)
        fits = columns.map(\.fit)
        widths = headings.map(\.count)
        isUsed = columns.map { _ in false }
        cells.reserveCapacity(rows.count * columns.count)
        for row in rows {
            for (index, column) in columns.enumerated() {
                let text = TerminalText.clean(column.text(row))
                content.append(contentsOf: text.utf8)
                let width = text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.count
                widths[index] = max(widths[index], width)
                if width > 0 { isUsed[index] = true }
                cells.append(Cell(end: content.count, width: width, tone: column.tone?(row)))
            }
        }
        if rows.isEmpty { isUsed = columns.map { _ in true } }
    }

    /// The columns that are shown, with their widths.
    /// - Parameter limit: the most characters of a line; nil: any number.
    private func layout(within limit: Int?) -> [(column: Int, width: Int)] {
        guard let limit else { return headings.indices.map { ($0, widths[$0]) } }
        var shown = headings.indices.filter { isUsed[$0] || fits[$0] == .whole }
        func length(_ width: (Int) -> Int) -> Int { shown.reduce(0) { $0 + width($1) } + 2 * max(0, shown.count - 1) }
        func isElastic(_ column: Int) -> Bool { fits[column] == .middle || fits[column] == .end }
        func shortest(_ column: Int) -> Int { isElastic(column) ? min(widths[column], Self.readable) : widths[column] }
        while length(shortest) > limit {
            let next = shown.compactMap { column -> (rank: Int, column: Int)? in
                if case .dropped(let rank) = fits[column] { (rank, column) } else { nil }
            }.min { $0.rank < $1.rank }
            guard let next else { break }
            shown.removeAll { $0 == next.column }
        }
        var shrunk = widths
        // The widest gives first.
        while true {
            let excess = shown.reduce(0) { $0 + shrunk[$1] } + 2 * max(0, shown.count - 1) - limit
            guard excess > 0, let widest = shown.filter(isElastic).max(by: { shrunk[$0] < shrunk[$1] }),
                shrunk[widest] > Self.least
            else { break }
            let others = shown.filter { isElastic($0) && $0 != widest }.map { shrunk[$0] }.max() ?? 0
            let most = max(Self.least, shrunk[widest] - excess)
            shrunk[widest] = shrunk[widest] > others ? max(most, min(others, shrunk[widest] - 1)) : shrunk[widest] - 1
        }
        return shown.map { ($0, shrunk[$0]) }
    }

    /// Writes all lines with their ends.
    func write(to output: inout OutputBuffer, _ style: Style, within limit: Int? = nil) {
        let layout = layout(within: limit)
        var head = ""
        for (column, width) in layout {
            head += Self.shortened(headings[column], to: width, .end)
            head += String(repeating: " ", count: max(0, width - headings[column].count) + 2)
        }
        while head.last == " " { head.removeLast() }
        output.append((style.start(.faint) + head + style.end + "\n").utf8)
        for row in stride(from: 0, to: cells.count, by: max(1, headings.count)) {
            for (place, (column, width)) in layout.enumerated() {
                let index = row + column
                let start = index == 0 ? 0 : cells[index - 1].end
                let cell = cells[index]
                let tone = cell.end == start ? nil : cell.tone
                if let tone { output.append(style.start(tone).utf8) }
                var used = cell.width
                if cell.width > width {
                    let text = String(decoding: content[start..<cell.end], as: UTF8.self)
                    output.append(Self.shortened(text, to: width, fits[column]).utf8)
                    used = width
                } else {
                    output.append(content[start..<cell.end])
                }
                let isLast = place == layout.count - 1
                if !isLast { output.append(repeatElement(UInt8(ascii: " "), count: width - used)) }
                if tone != nil { output.append(style.end.utf8) }
                if !isLast { output.append("  ") }
            }
            output.trim()
            output.append("\n")
        }
    }

    private static func shortened(_ text: String, to width: Int, _ fit: Fit) -> String {
        guard text.count > width, width > 1 else { return text }
        guard fit == .middle else { return text.prefix(width - 1) + "…" }
        let head = (width - 1) / 2
        return text.prefix(head) + "…" + text.suffix(width - 1 - head)
    }
}
