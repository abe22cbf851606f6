internal import CLinux
internal import Credentials
internal import Files
internal import Glibc

/// What a file has beside its content: it stays with the file when that is replaced.
struct FileAttributes {
    /// The POSIX access ACL, as the kernel keeps it.
    static let accessList = "system.posix_acl_access"
    /// Made by the kernel from the content; a copy would be wrong.
    private static let ofContent: Set<String> = ["security.ima", "security.evm"]

    let mode: UInt32
    let owner: uid_t
    let group: gid_t
    /// By name, the access ACL among them.
    let extended: [String: [UInt8]]

    /// - Throws: errno, when the attributes cannot be read.
    init(of descriptor: Int32, _ status: stat) throws(SystemError) {
        mode = status.st_mode & 0o7777
        owner = status.st_uid
        group = status.st_gid
        extended = try Self.extended(of: descriptor)
    }

    /// What drift compares.
    var delivered: DeliveredAttributes {
        DeliveredAttributes(mode: mode, owner: owner, group: group, accessList: extended[Self.accessList])
    }

    /// Gives them to another file. What it got from its directory and this one has not goes.
    /// - Parameter mode: in place of this one's; with an access ACL its group bits are the mask.
    func give(to descriptor: Int32, owner: uid_t?, group: gid_t?, mode: UInt32?) throws(AttributeFailure) {
        guard fchown(descriptor, owner ?? self.owner, group ?? self.group) == 0 else { throw .step(.own, errno) }
        let present = (try? Self.extended(of: descriptor)) ?? [:]
        for name in present.keys where extended[name] == nil && !name.hasPrefix("security.") {
            guard fremovexattr(descriptor, name) == 0 else { throw .attribute(name, errno) }
        }
        // Before the list, which would open to the group what is the mask's.
        let last = mode ?? self.mode
        guard extended[Self.accessList] != nil || fchmod(descriptor, last) == 0 else { throw .step(.mode, errno) }
        for (name, value) in extended where present[name] != value && !Self.ofContent.contains(name) {
            guard fsetxattr(descriptor, name, value, value.count, 0) == 0 else { throw .attribute(name, errno) }
        }
        guard fchmod(descriptor, last) == 0 else { throw .step(.mode, errno) }
    }

    private static func extended(of descriptor: Int32) throws(SystemError) -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for name in try names(of: descriptor) {
            let value = read { fgetxattr(descriptor, name, $0, $1) }
            // Somebody has taken it away meanwhile.
            guard value != nil || errno == ENODATA else { throw .last }
            result[name] = value
        }
        return result
    }

    private static func names(of descriptor: Int32) throws(SystemError) -> [String] {
        guard let list = read({ flistxattr(descriptor, $0?.assumingMemoryBound(to: CChar.self), $1) }) else {
            if errno == ENOTSUP { return [] }
            throw .last
        }
        return list.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A call that tells the size that it needs, until it has it.
    private static func read(_ call: (UnsafeMutableRawPointer?, Int) -> Int) -> [UInt8]? {
        while true {
            let size = call(nil, 0)
            guard size > 0 else { return size == 0 ? [] : nil }
            var bytes = [UInt8](repeating: 0, count: size)
            let count = bytes.withUnsafeMutableBytes { call($0.baseAddress, $0.count) }
            if count >= 0 { return Array(bytes[..<count]) }
            guard errno == ERANGE else { return nil }
        }
    }
}

/// Why a file's attributes could not be given to another.
enum AttributeFailure: Error {
    case step(FileStep, Int32)
    case attribute(String, Int32)
}
