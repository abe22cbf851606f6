import Delivery
import Glibc

/// The terminal while questions are asked at it: from the first question until the process ends, nothing is shown that was
/// not read by the question that it answers. Whatever ends the process puts back what was there.
enum TerminalMode {
    private struct Saved: @unchecked Sendable {
        let terminal: Int32
        let settings: termios
        let ours: termios
    }

    // A signal handler can be given nothing; it reads this, which is set once.
    nonisolated(unsafe) private static var saved: Saved?

    /// Does nothing from the second time on, nor where there is no terminal.
    static func begin(_ terminal: Int32) {
        var settings = termios()
        guard saved == nil, tcgetattr(terminal, &settings) == 0 else { return }
        var ours = settings
        ours.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | IEXTEN)
        // A stopped process would leave the terminal to the shell as it is now.
        withUnsafeMutableBytes(of: &ours.c_cc) { controls in
            controls[Int(VMIN)] = 1
            controls[Int(VTIME)] = 0
            controls[Int(VSUSP)] = 0
        }
        RunningHooks.prepare()
        saved = Saved(terminal: terminal, settings: settings, ours: ours)
        atexit { TerminalMode.end() }
        Interruption.watch()
        // What was typed before there was a question was meant for something else.
        tcsetattr(terminal, TCSAFLUSH, &ours)
    }

    /// For signal handlers too: allocates nothing. What was typed and not read goes: it may be a key, and the shell would
    /// show it.
    static func end() {
        guard let saved else { return }
        withUnsafePointer(to: saved.settings) { _ = tcsetattr(saved.terminal, TCSAFLUSH, $0) }
    }
}
