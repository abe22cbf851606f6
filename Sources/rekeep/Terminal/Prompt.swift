import Glibc
import Sealing

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
        ask(question)
        return line(isShown: false)
    }

    /// Asks for a line; nil at the end of input.
    /// - Parameter hidingTypedAhead: what is there already does not show: it may be the rest of a secret.
    func text(_ question: String, hidingTypedAhead: Bool = false) -> SecretBytes? {
        ask(question)
        return line(isShown: !(hidingTypedAhead && hasMore))
    }

    /// More was pasted than has been read. A paste comes in pieces, a moment apart.
    var hasMore: Bool {
        var waiting = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 30) == 1
    }

    /// Forgets what was typed ahead: it answers another question than the next one.
    func forget() { tcflush(terminal, TCIFLUSH) }

    /// True only when the answer is yes.
    func confirm(_ question: String) -> Bool {
        // A pasted line must not be taken for a yes.
        forget()
        ask(question + " [y/N] ")
        return line(isShown: true).map(Self.isYes) ?? false
    }

    static func isYes(_ typed: SecretBytes) -> Bool {
        ["y", "Y", "yes", "Yes", "YES"].contains { SecretBytes($0.utf8) == typed }
    }

    /// A question has one line, whatever the names in it hold.
    private func ask(_ question: String) {
        TerminalMode.begin(terminal)
        show(TerminalText.clean(question))
    }

    /// Reads a line as it is typed, and shows it only now: what is pasted in several lines waits, unseen, for the questions
    /// that it answers.
    private func line(isShown: Bool) -> SecretBytes? {
        var line = TypedLine()
        while let byte = next() {
            if byte == 0x1B {
                skipSequence()
                continue
            }
            let end = line.take(byte)
            if isShown { line.showChange(at: terminal) }
            switch end {
            case .none: continue
            case .line:
                show("\n")
                return line.finish()
            case .input:
                show("\n")
                return nil
            }
        }
        return nil
    }

    private func next() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = read(terminal, &byte, 1)
            if count == 1 { return byte }
            guard count < 0, errno == EINTR else { return nil }
        }
    }

    /// What keys without a character send, and a terminal round a paste: `ESC [`, numbers, and a letter or `~`.
    private func skipSequence() {
        guard let second = next() else { return }
        if second == UInt8(ascii: "O") { _ = next() }
        guard second == UInt8(ascii: "[") else { return }
        while let byte = next(), !(0x40...0x7E).contains(byte) {}
    }
}
