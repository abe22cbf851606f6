import CLinux
import Files
import Glibc
import Sealing

/// The two streams: results on stdout, everything else on stderr. What a terminal would obey is spelled out in all that
/// is printed; only a value alone goes out as it is, where no terminal is.
struct Console {
    enum Color: String {
        case auto, always, never
    }

    let usesColor: Bool
    let isTerminal: Bool
    let isQuiet: Bool
    private let isVerbose: Bool

    init(color: Color, isQuiet: Bool, isVerbose: Bool) {
        isTerminal = isatty(STDOUT_FILENO) == 1
        usesColor =
            switch color {
            case .always: true
            case .never: false
            case .auto: isTerminal && getenv("NO_COLOR") == nil && Surroundings.variable("TERM") != "dumb"
            }
        self.isQuiet = isQuiet
        self.isVerbose = isVerbose
    }

    /// Prints lines of the result.
    func print(_ lines: [String]) {
        var output = Self.output()
        for line in lines {
            output.append(TerminalText.clean(line).utf8)
            output.append("\n")
        }
        output.flush()
    }

    private static func output() -> OutputBuffer { OutputBuffer { write($0, to: STDOUT_FILENO) } }

    /// Prints a table, painted if anything is.
    func print(_ table: Table) {
        var output = Self.output()
        table.write(to: &output, Style(isOn: usesColor), within: isTerminal ? Self.columns : nil)
        output.flush()
    }

    /// How many characters a line of the terminal has; nil when it does not say.
    private static var columns: Int? {
        let columns = Int(linux_terminal_columns(STDOUT_FILENO))
        return columns > 0 ? columns : nil
    }

    /// Prints a document and a line break. One with a secret is made where secrets lie.
    func print(_ document: JSON) {
        if document.holdsSecret {
            var content = SecretWriter(capacity: 1024)
            document.write(to: &content)
            TerminalText.cleanJSON(content.finish()).withBytes { Self.write($0, to: STDOUT_FILENO) }
            Self.write("\n", to: STDOUT_FILENO)
        } else {
            var output = Self.output()
            document.write(to: &output)
            output.append("\n")
            output.flush()
        }
    }

    /// Prints a secret value, or a text of such, from where it lies: byte for byte, but on a terminal.
    func print(exactly secret: SecretBytes, lineBreak: Bool) {
        let shown = isTerminal ? TerminalText.clean(secret, keepingLines: true) : secret
        shown.withBytes { Self.write($0, to: STDOUT_FILENO) }
        if lineBreak { Self.write("\n", to: STDOUT_FILENO) }
    }

    /// Prints one line that holds a secret.
    func print(line secret: SecretBytes) {
        TerminalText.clean(secret, keepingLines: false).withBytes { Self.write($0, to: STDOUT_FILENO) }
        Self.write("\n", to: STDOUT_FILENO)
    }

    /// Tells the person something that is not the result.
    func note(_ line: String) {
        if !isQuiet { Self.write(TerminalText.clean(line) + "\n", to: STDERR_FILENO) }
    }

    /// Tells more, when asked to.
    func detail(_ line: String) {
        if isVerbose { Self.write(TerminalText.clean(line) + "\n", to: STDERR_FILENO) }
    }

    /// Shows how far something is, on one line that is written over; nothing where nobody looks.
    func progress(_ text: String) {
        guard !isQuiet, isatty(STDERR_FILENO) == 1 else { return }
        Self.write("\r\u{1B}[K" + TerminalText.clean(text), to: STDERR_FILENO)
    }

    /// Tells what must not go unsaid, however quiet it is to be.
    func warn(_ line: String) { Self.write(TerminalText.clean(line) + "\n", to: STDERR_FILENO) }

    func complain(_ complaint: Complaint) { Self.complain(complaint) }

    /// Tells what went wrong, however quiet it is to be.
    static func complain(_ complaint: Complaint) {
        for line in complaint.lines { write(TerminalText.clean(line) + "\n", to: STDERR_FILENO) }
    }

    /// Tells of a wrong command line, in the parser's words, which have lines of their own.
    static func complain(usage message: String) {
        write(TerminalText.clean(message, keepingLines: true) + "\n", to: STDERR_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
        do {
            try Descriptors.writeAll(descriptor, bytes)
        } catch {
            // Whoever was reading has left: there is nobody to tell, and the work goes on.
            if descriptor == STDOUT_FILENO && error.code != EPIPE { exit(ExitStatus.cannotWrite) }
        }
    }
}
