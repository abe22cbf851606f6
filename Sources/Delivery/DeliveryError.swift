public import Credentials

/// Why something could not be delivered. No case carries a value.
public enum DeliveryError: Error, Equatable, Sendable {
    case noSuchPreset(String, known: [String])
    case noSuchReader(String, known: [String])
    /// The deployment has no credential any more, so there is nothing to write.
    case noVariables(path: String)
    /// Another deployment writes the same variables to the same file.
    case sameFile(path: String, Deployment, variable: String)
    /// Two variables of one deployment would have the same name.
    case sameVariable(String, Address, Address)
    /// No spelling of the value is read as it is by the target's reader.
    /// - Parameter readers: those that have one.
    case notEncodable(variable: String, Unencodable, readers: [String])
    /// The name cannot be that of an environment variable.
    case badVariableName(String)
    case notAFile(path: String)
    case symbolicLink(path: String)
    case notAbsolute(path: String)
    case tooLarge(path: String, limit: Int)
    case byteOrderMark(path: String)
    /// The file sets one variable several times.
    case setTwice(path: String, variable: String, lines: [Int])
    /// The line that sets the variable holds something else besides, which a change would lose.
    case notPlain(path: String, line: Int, variable: String)
    /// The line has `export`, which this one of the file's readers does not know and others may need.
    case exported(path: String, line: Int, variable: String, reader: String)
    /// A reader of the file cannot read this line, or not without doing more than that.
    case unreadableLine(path: String, line: Int, reader: String, DotenvTrouble)
    /// A reader of the file would read something else than the variable's value.
    case misread(path: String, variable: String, reader: String)
    /// To a reader of the file the change would change somebody else's variable too.
    case entangled(path: String, line: Int, variable: String, reader: String)
    case noSuchUser(String)
    case noSuchGroup(String)
    /// A system call on the file failed.
    case file(path: String, FileStep, errno: Int32)
    /// This attribute of the file could not be kept.
    case attribute(path: String, name: String, errno: Int32)
    /// The file has other names, which a replacement would leave with the old content.
    case hardLinks(path: String, count: Int)
    /// The file itself is where something is mounted, so it cannot be replaced.
    case mountPoint(path: String)
    /// A process sees the file through a mount of its own, and would go on seeing the old one after a replacement.
    case mountedElsewhere(path: String, process: Int32, at: String)
    /// As `mountedElsewhere`, when the file has been replaced already.
    case mountedOld(path: String, process: Int32, at: String)
    /// The file is marked as one that nobody can change.
    /// - Parameter canGrow: it may be added to.
    case immutable(path: String, canGrow: Bool)
    /// What an interrupted write in place left beside the file is not of this vault, or was changed.
    case journalUnknown(path: String)
    /// Others could put another file in its place between two looks.
    case directoryOpen(path: String)
    /// Somebody else changed the file in the meantime.
    case changedMeanwhile(path: String)
    /// What was written does not read back as the same values.
    case readBackDiffers(path: String, variable: String)
    case hookNotFound(String)
    /// Somebody else could put another program in its place: the mode of a file or a directory on the way lets others
    /// write.
    case hookChangeable(program: String, path: String, mode: UInt32)
    /// As `hookChangeable`: a file, a directory or a link on the way belongs to neither root nor the user.
    case hookOfAnother(program: String, path: String, owner: UInt32)
    case hookNeedsShell(String)
    case hookFailed(program: String, status: Int32)
    case hookTimedOut(program: String, seconds: Int)
    /// The current key was found dead and erased, so there is nothing to write.
    case retiredKey(Address?)
    /// The values could not be read from the vault.
    case vaultUnavailable
}

extension DeliveryError {
    /// What is recorded of the target.
    public var kind: DeliveryProblem {
        switch self {
        case .hookNotFound, .hookChangeable, .hookOfAnother, .hookNeedsShell, .hookFailed, .hookTimedOut: .hookFailed
        case .readBackDiffers: .readBackDiffers
        case .retiredKey: .keyRetired
        case .vaultUnavailable: .vaultUnavailable
        case .noSuchPreset, .noSuchReader, .sameVariable, .sameFile, .noVariables, .notEncodable, .badVariableName:
            .notEncodable
        case .notAFile, .symbolicLink, .notAbsolute, .tooLarge, .byteOrderMark, .setTwice, .noSuchUser, .noSuchGroup,
            .notPlain, .exported, .unreadableLine, .misread, .entangled, .file, .attribute, .hardLinks,
            .mountPoint, .mountedElsewhere, .mountedOld, .immutable, .journalUnknown, .directoryOpen, .changedMeanwhile:
            .notWritten
        }
    }
}

/// What was being done to a file.
public enum FileStep: String, Sendable {
    case open, read, create, own, mode, write, sync, rename
}

/// Why a value has no spelling.
public enum Unencodable: Sendable {
    case zeroByte
    case lineBreak
    case notUTF8
    /// Quotes, backslashes and dollar signs in a combination on which readers disagree.
    case quotes
}
