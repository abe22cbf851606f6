import Delivery

extension Complaint {
    init(_ error: DeliveryError) {
        switch error {
        case .noSuchPreset(let name, let known):
            self.init(
                GivenName.field(name).map { "there is no preset '\($0)'" } ?? "there is no such preset",
                hint: "there are \(known.joined(separator: ", "))", ExitStatus.missing)
        case .noSuchReader(let name, let known):
            self.init(
                GivenName.field(name).map { "there is no reader '\($0)'" } ?? "there is no such reader",
                hint: "there are \(known.joined(separator: ", "))", ExitStatus.missing)
        case .noVariables(let path):
            self.init(
                "the deployment that \(path) belongs to has no credential any more, and the file may hold old values",
                hint: "rekeep target remove, and look at the file", ExitStatus.cannotWrite)
        case .retiredKey(let address):
            let name = address.map { " of \($0)" } ?? ""
            self.init(
                "the key\(name) was found dead and erased, so there is none to write",
                hint: address.map { "rekeep rotate \($0) takes the new one" }, ExitStatus.cannotWrite)
        case .sameFile(let path, let other, let variable):
            self.init(
                "\(other) writes \(variable) to \(path) too",
                hint: "give each deployment a file of its own, or other names with --prefix",
                ExitStatus.badInput)
        case .sameVariable(let name, let one, let other):
            self.init(
                "\(one) and \(other) would both set \(name)", hint: "give one of them another name with --prefix",
                ExitStatus.badInput)
        case .notEncodable(let variable, let reason, let readers):
            self.init(
                "\(variable) has no spelling that every reader of the file reads alike: \(Self.description(reason))",
                hint: readers.isEmpty
                    ? "ask the provider for a key of letters and digits"
                    : "name the file's reader, if it is one of these: --reader \(readers.joined(separator: ", "))",
                ExitStatus.badInput)
        case .badVariableName(let name):
            self.init(
                "'\(name)' is no name for a variable", hint: "use A-Z, 0-9 and _, beginning with a letter",
                ExitStatus.badInput)
        case .notAFile(let path): self.init("\(path) is not a regular file", ExitStatus.cannotWrite)
        case .symbolicLink(let path):
            self.init(
                "\(path) is a symbolic link, and links are not followed", hint: "name the file that it leads to",
                ExitStatus.cannotWrite)
        case .notAbsolute(let path):
            self.init("\(path) is not a plain absolute path (no //, no . and no ..)", ExitStatus.usage)
        case .tooLarge(let path, let limit): self.init("\(path) is larger than \(limit) bytes", ExitStatus.cannotWrite)
        case .byteOrderMark(let path):
            self.init(
                "\(path) begins with a byte-order mark, which most readers take for a part of the first name",
                hint: "save it without", ExitStatus.cannotWrite)
        case .setTwice(let path, let variable, let lines):
            self.init(
                "\(path) sets \(variable) on lines \(lines.prefix(8).map(String.init).joined(separator: " and "))\(lines.count > 8 ? " and more" : ""); readers disagree which counts",
                hint: "delete all but one", ExitStatus.cannotWrite)
        case .notPlain(let path, let line, let variable):
            self.init(
                "line \(line) of \(path) holds something besides \(variable), which a change would lose",
                hint: "leave \(variable)= and its value alone on the line, with at most a comment behind a blank",
                ExitStatus.cannotWrite)
        case .exported(let path, let line, let variable, let reader):
            self.init(
                "line \(line) of \(path) exports \(variable): \(reader) does not read such a line, and a shell may need it",
                hint: "name the file's reader: --reader shell keeps the export, --reader \(reader) takes it away",
                ExitStatus.cannotWrite)
        case .unreadableLine(let path, let line, let reader, let trouble):
            self.init(
                "line \(line) of \(path) cannot be followed as \(reader) reads it: \(Self.description(trouble))",
                hint: "change the line, or name the file's reader with --reader if it is another one",
                ExitStatus.cannotWrite)
        case .misread(let path, let variable, let reader):
            self.init(
                "\(reader) does not read \(variable) from \(path) as it is meant",
                hint: "look whether another value's quotes are open around it, or name the file's reader with --reader",
                ExitStatus.cannotWrite)
        case .entangled(let path, let line, let variable, let reader):
            self.init(
                "to \(reader), the change would reach \(variable) on line \(line) of \(path) too",
                hint: "close that value's quotes on its own line, or name the file's reader with --reader",
                ExitStatus.cannotWrite)
        case .noSuchUser(let name): self.init("there is no user '\(name)'", ExitStatus.badInput)
        case .noSuchGroup(let name): self.init("there is no group '\(name)'", ExitStatus.badInput)
        case .file(let path, let step, let code):
            self.init("\(path): \(step.rawValue) failed: \(Self.system(code))", ExitStatus.cannotWrite)
        case .attribute(let path, let name, let code):
            self.init(
                "\(path): the attribute \(name) could not be kept: \(Self.system(code))",
                hint: "run rekeep as a user that may set it, or remove it with setfattr -x", ExitStatus.cannotWrite)
        case .hardLinks(let path, let count):
            self.init(
                "\(path) has \(count) names (hard links): a new file would leave the others with the old content",
                hint: "delete the other names, or add the target with --in-place", ExitStatus.cannotWrite)
        case .mountPoint(let path):
            self.init(
                "\(path) is mounted by itself, so it cannot be replaced", hint: "add the target with --in-place",
                ExitStatus.cannotWrite)
        case .mountedElsewhere(let path, let process, let point):
            self.init(
                "process \(process) has \(path) mounted by itself at \(point), and would keep the old file",
                hint: "add the target with --in-place, or mount the directory instead of the file",
                ExitStatus.cannotWrite)
        case .mountedOld(let path, let process, let point):
            self.init(
                "process \(process) still has the \(path) from before, mounted by itself at \(point)",
                hint: "restart its container; then add the target with --in-place, or mount the directory",
                ExitStatus.cannotWrite)
        case .immutable(let path, let canGrow):
            self.init(
                "\(path) is marked so that it \(canGrow ? "can only grow" : "cannot be changed")",
                hint: "chattr \(canGrow ? "-a" : "-i") \(path)", ExitStatus.cannotWrite)
        case .journalUnknown(let path):
            self.init(
                "\(path) tells of a write that was interrupted, but it does not fit this vault or the file beside it",
                hint: "look at the file beside it, then delete \(path)", ExitStatus.cannotWrite)
        case .directoryOpen(let path):
            self.init(
                "\(path) is not written in place: others can put another file there",
                hint:
                    "take the write permission of group and others from its directory, or give it to the file's owner",
                ExitStatus.cannotWrite)
        case .changedMeanwhile(let path):
            self.init(
                "somebody else changed \(path) at this moment; it is left as it is", hint: "try again",
                ExitStatus.cannotWrite)
        case .readBackDiffers(let path, let variable):
            self.init("\(path) does not read back as what was written (\(variable))", ExitStatus.cannotWrite)
        case .hookNotFound(let program):
            self.init("the hook's program is not found or not executable: \(program)", ExitStatus.cannotWrite)
        case .hookChangeable(let program, let path, let mode):
            self.init(
                "the hook \(program) is not run, because others can change it: \(path) has mode 0\(String(mode, radix: 8))",
                hint: "chmod go-w \(path)", ExitStatus.cannotWrite)
        case .hookOfAnother(let program, let path, let owner):
            self.init(
                "the hook \(program) is not run, because another user can change it: \(path) belongs to user \(owner)",
                hint: "it has to belong to root or to you", ExitStatus.cannotWrite)
        case .hookNeedsShell:
            self.init(
                "hooks are words, not shell lines", hint: "put it into a script, or use: sh -c '…'", ExitStatus.usage)
        case .hookFailed(let program, let status):
            self.init("the hook \(program) ended with \(status)", ExitStatus.cannotWrite)
        case .hookTimedOut(let program, let seconds):
            self.init("the hook \(program) did not end within \(seconds) seconds", ExitStatus.cannotWrite)
        case .vaultUnavailable:
            self.init("the vault could not be read or written during the delivery", ExitStatus.failed)
        }
    }

    static func description(_ trouble: DotenvTrouble) -> String {
        switch trouble {
        case .openQuote: "a quote is not closed"
        case .continuation: "a backslash joins it with the next line"
        case .command: "it is a command, or may run one"
        case .syntax: "the reader stops at it, or leaves things out"
        }
    }

    static func description(_ reason: Unencodable) -> String {
        switch reason {
        case .zeroByte: "it holds a zero byte"
        case .lineBreak: "it holds a line break"
        case .notUTF8: "it is not UTF-8"
        case .quotes: "it mixes quotes, backslashes or dollar signs"
        }
    }
}
