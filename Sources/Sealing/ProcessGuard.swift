internal import CLinux
internal import Glibc

/// What keeps secrets inside the process. The first act of every program here that will hold one.
public enum ProcessGuard {
    /// Gives up the Swift runtime's crash report (it prints memory behind registers to stderr), core
    /// dumps, and access to this process's memory by others of the same user.
    public static func raise() {
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGQUIT] {
            linux_default_signal(signal)
        }
        _ = linux_set_no_core()
        _ = linux_set_undumpable()
        linux_ignore_signal(SIGPIPE)
    }
}
