/// What stands on each line of a `.env` file, for each of its readers. Lines count from 0 here.
struct DotenvLayout {
    let lines: [Range<Int>]
    /// The lines that set one of the wanted names and look as a person would write that.
    private var candidates: [String: [(line: Int, content: DotenvLine)]] = [:]
    /// By reader, then by the line on which a statement begins.
    private var statements: [[Int: [DotenvStatement]]] = []
    /// By reader: lines that begin inside a value.
    private var covered: [Set<Int>] = []

    init(_ text: DotenvText, _ readings: [DotenvReading], wanting names: Set<String>) {
        lines = text.lines(endingAtReturn: false).map(\.line)
        for (index, range) in lines.enumerated() {
            if let line = DotenvLine(range, in: text), names.contains(line.name) {
                candidates[line.name, default: []].append((index, line))
            }
        }
        for reading in readings {
            var byLine: [Int: [DotenvStatement]] = [:]
            var inside: Set<Int> = []
            for statement in reading.statements {
                let first = line(of: statement.range.lowerBound)
                byLine[first, default: []].append(statement)
                var next = first + 1
                while next < lines.count, lines[next].lowerBound < statement.range.upperBound {
                    inside.insert(next)
                    next += 1
                }
            }
            statements.append(byLine)
            covered.append(inside)
        }
    }

    /// The line that a position is on.
    func line(of position: Int) -> Int {
        var (low, high) = (0, lines.count)
        while low < high {
            let middle = (low + high) / 2
            if lines[middle].lowerBound <= position { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }

    /// A line that sets a variable, or would to somebody.
    struct Place {
        let line: Int
        /// Nil where it is not one that a person would write for that.
        let content: DotenvLine?
        /// By reader.
        let statements: [[DotenvStatement]]
        /// No reader finds anything else there, nor that it goes on behind the line.
        let isAlone: Bool
    }

    /// The lines that set a variable for any of the readers.
    func places(of name: String) -> [Place] {
        let own = candidates[name] ?? []
        let content = Dictionary(own.map { ($0.line, $0.content) }) { first, _ in first }
        // A line that every reader takes for a part of another value is nobody's line.
        var found = Set(own.map(\.line).filter { line in covered.contains { !$0.contains(line) } })
        for byLine in statements {
            for (line, some) in byLine where some.contains(where: { $0.name == name }) { found.insert(line) }
        }
        return found.sorted().map { line in
            let here = statements.map { $0[line] ?? [] }
            let isAlone = here.allSatisfy { some in
                some.count <= 1 && some.allSatisfy { $0.range.upperBound <= lines[line].upperBound }
            }
            return Place(line: line, content: content[line], statements: here, isAlone: isAlone)
        }
    }
}
