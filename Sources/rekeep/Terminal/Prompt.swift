import Delivery
import Glibc
import Sealing
import Synchronization

/// Asks the person at the terminal, whatever stdin and stdout are connected to.
struct Prompt {
    private let terminal: Int32

    /// Nil when there is no terminal to ask at.
    init?() {
        terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
    }

    /// Shows text at the terminal itself, so that it cannot end up in a file by accident.
    func show(_ text: String) {
        var text = TerminalText.clean(text, keepingLines: true)
        text.withUTF8 { _ = write(terminal, $0.baseAddress, $0.count) }
    }

    func show(_ secret: SecretBytes) {
        secret.withBytes { _ = write(terminal, $0.baseAddress, $0.count) }
    }

    /// Asks for a line that is not shown; nil at the end of input.
    func secret(_ question: String) -> SecretBytes? {
        // Echo goes first: what is typed as soon as the question stands must not show.
        EchoOff.during(terminal) {
            ask(question)
            return line()
        }
    }

    /// Asks for a line; nil at the end of input.
    func text(_ question: String) -> SecretBytes? {
        ask(question)
        return line()
    }

    /// True only when the answer is yes.
    func confirm(_ question: String) -> Bool {
        ask(question + " [y/N] ")
        return line().map(Self.isYes) ?? false
    }

    static func isYes(_ typed: SecretBytes) -> Bool {
        ["y", "Y", "yes", "Yes", "YES"].contains { SecretBytes($0.utf8) == typed }
    }

    /// A question has one line, whatever the names in it hold.
    private func ask(_ question: String) { show(TerminalText.clean(question)) }

    /// Without what a terminal in bracketed-paste mode puts round a paste.
    private static func withoutPasteMarks(_ line: SecretBytes) -> SecretBytes {
        let marks = [Array("\u{1B}[200~".utf8), Array("\u{1B}[201~".utf8)]
        return line.withBytes { bytes in
            var kept = SecretWriter(capacity: bytes.count)
            var position = 0
            while position < bytes.count {
                if let mark = marks.first(where: { bytes[position...].starts(with: $0) }) {
                    position += mark.count
                } else {
                    kept.append(bytes[position])
                    position += 1
                }
            }
            return kept.finish()
        }
    }

    private func line() -> SecretBytes? {
        var line = SecretWriter()
        var byte: UInt8 = 0
        while true {
            let count = read(terminal, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1 else { return line.count > 0 ? Self.withoutPasteMarks(line.finish()) : nil }
            if byte == UInt8(ascii: "\n") { return Self.withoutPasteMarks(line.finish()) }
            line.append(byte)
        }
    }
}

/// Turns a terminal's echo off, and back on whatever happens: a signal that ends the process comes by here first.
private enum EchoOff {
    private struct Saved: @unchecked Sendable {
        let terminal: Int32
        let settings: termios
    }

    // A signal handler can be given nothing; it reads this, which changes only while handlers are not set.
    nonisolated(unsafe) private static var saved: Saved?

    static func during<Result>(_ terminal: Int32, _ body: () -> Result) -> Result {
        var settings = termios()
        guard tcgetattr(terminal, &settings) == 0 else { return body() }
        RunningHooks.prepare()
        saved = Saved(terminal: terminal, settings: settings)
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
        let handlers = signals.map { signal($0, restoreAndDie) }
        settings.c_lflag &= ~tcflag_t(ECHO)
        settings.c_lflag |= tcflag_t(ECHONL)
        tcsetattr(terminal, TCSAFLUSH, &settings)
        defer {
            restore()
            for (number, handler) in zip(signals, handlers) { signal(number, handler) }
        }
        return body()
    }

    private static func restore() {
        guard let saved else { return }
        withUnsafePointer(to: saved.settings) { _ = tcsetattr(saved.terminal, TCSAFLUSH, $0) }
    }

    private static let restoreAndDie: @convention(c) (Int32) -> Void = { number in
        restore()
        Interruption.end(by: number)
    }
}
