internal import CConfinement
internal import Glibc

/// What the kernel takes from a process that does not need it, so that a hole in what it runs gives less. It cannot be
/// given back, and what the process starts inherits it.
public enum Confinement {
    /// A part of the kernel that confines. An older kernel, or one in a container, may have neither.
    public enum Layer: String, Codable, Sendable {
        /// Which files, and since ABI 4 and 6 which sockets and signals.
        case landlock
        /// Which system calls.
        case seccomp
    }

    /// For a program that talks to servers and reads some files: it can read nothing else, write and start nothing, look
    /// into no other process, ask for no kernel key, and offer no service.
    ///
    /// Landlock confines the calling thread and those that it starts: call this while there is one.
    /// - Parameter paths: files and directories that may be read; those that are not there are left out.
    /// - Returns: the layers that this kernel does not have.
    public static func leaveNetworkOnly(reading paths: [String]) -> [Layer] {
        var missing: [Layer] = []
        let texts = paths.map { strdup($0) }
        defer { for text in texts { free(text) } }
        if confinement_allow_reading(texts.map { UnsafePointer($0) } + [nil]) != 0 { missing.append(.landlock) }
        if confinement_leave_network_only() != 0 { missing.append(.seccomp) }
        return missing
    }

    /// For a program that has to end before a filter of system calls has paid for itself: it cannot connect over TCP, nor
    /// be connected to. Call this while there is one thread. Older kernels do not have it.
    public static func leaveNoTCP() { _ = confinement_leave_no_tcp() }

    /// For a program that works on this machine alone: it has no sockets but those of the machine, and starts nothing.
    /// - Returns: false where this kernel has no seccomp.
    public static func leaveNoNetwork() -> Bool { confinement_leave_no_network() == 0 }
}
