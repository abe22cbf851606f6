internal import Glibc

/// Why a system call failed. Whoever called says of what, to whom it may concern.
public struct SystemError: Error, Equatable, Sendable {
    /// As in errno(3).
    public let code: Int32

    public init(_ code: Int32) {
        self.code = code
    }

    /// The error of the call that was just made.
    public static var last: SystemError { SystemError(errno) }
}
