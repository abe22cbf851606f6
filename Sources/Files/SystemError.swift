internal import Glibc

/// Why a system call failed. It does not name the file: the caller does that where somebody has to know.
public struct SystemError: Error, Equatable, Sendable {
    /// As in errno(3).
    public let code: Int32

    /// `code` is as in errno(3).
    public init(_ code: Int32) {
        self.code = code
    }

    /// The error of the call that was just made.
    public static var last: SystemError { SystemError(errno) }
}
