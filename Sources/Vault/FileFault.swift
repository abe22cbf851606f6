internal import Glibc

/// Why a file is not believed to be its owner's alone.
public enum FileFault: Equatable, Sendable {
    case link
    case notRegular
    /// It has so many names.
    case names(Int)
    /// It belongs to the user with this number.
    case owner(UInt32)
    case writableByOthers(mode: UInt32)
}

extension FileFault {
    /// Nil for a file that only we or root can have written.
    init?(of file: stat) {
        switch file {
        case _ where file.st_mode & S_IFMT == S_IFLNK: self = .link
        case _ where file.st_mode & S_IFMT != S_IFREG: self = .notRegular
        case _ where file.st_uid != geteuid() && file.st_uid != 0: self = .owner(file.st_uid)
        case _ where file.st_mode & 0o022 != 0: self = .writableByOthers(mode: file.st_mode & 0o7777)
        case _ where file.st_nlink > 1: self = .names(Int(file.st_nlink))
        default: return nil
        }
    }
}
