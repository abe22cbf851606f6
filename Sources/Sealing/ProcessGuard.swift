internal import CLinux
internal import Glibc

/// What keeps secrets inside the process. Raising it is the first act of every program that will hold one.
public struct ProcessGuard: Sendable {
    private let coreLimit: UInt

    /// Gives up the Swift runtime's crash report (it prints memory behind registers to stderr), core
    /// dumps, and access to this process's memory by others of the same user. A broken pipe is an error
    /// to be seen where it happens, not a death.
    public static func raise() -> ProcessGuard {
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGQUIT] {
            linux_default_signal(signal)
        }
        let guarding = ProcessGuard(coreLimit: linux_core_limit())
        _ = linux_set_core_limit(0)
        _ = linux_set_undumpable()
        linux_ignore_signal(SIGPIPE)
        return guarding
    }

    /// Gives back what another program would inherit, just before this process becomes that program.
    public func lower() {
        _ = linux_set_core_limit(coreLimit)
        linux_default_signal(SIGPIPE)
    }
}
