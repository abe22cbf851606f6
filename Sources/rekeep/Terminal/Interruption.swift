import CLinux
import Delivery
import Glibc

/// What is said and done when a signal ends the process in the middle of something that can be gone on with.
enum Interruption {
    // A signal handler can be given nothing and may allocate nothing: it reads these, set once before.
    nonisolated(unsafe) private static var text: UnsafeMutablePointer<CChar>?
    nonisolated(unsafe) private static var count = 0

    /// - Parameter next: what goes on from there, such as a command.
    static func explain(_ next: String) {
        let sentence = "\nrekeep: interrupted; \(TerminalText.clean(next))\n"
        RunningHooks.prepare()
        // In this order: a handler may come in between.
        count = 0
        text = strdup(sentence)
        count = sentence.utf8.count
        hold(false)
    }

    /// Says what there is to say and ends the process by the signal. For handlers: allocates nothing.
    static func end(by number: Int32) {
        TerminalMode.end()
        RunningHooks.end()
        if let text { _ = write(STDERR_FILENO, text, count) }
        linux_default_signal(number)
        raise(number)
    }

    /// Has every signal that ends the process come by here, where it is not ignored.
    static func watch() {
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] where !isIgnored(number) {
            signal(number) { Interruption.end(by: $0) }
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        // SIG_IGN is the address 1, which Swift does not import.
        return sigaction(number, nil, &action) == 0
            && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }

    /// Ignores what would end the process, or does not any more.
    static func hold(_ isHeld: Bool) {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            if isHeld {
                linux_ignore_signal(number)
                continue
            }
            signal(number) { Interruption.end(by: $0) }
        }
    }
}
