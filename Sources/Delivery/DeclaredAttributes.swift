internal import Credentials
internal import Glibc

/// What a target says of its file beside the content; nil where it says nothing.
struct DeclaredAttributes {
    var mode: UInt32?
    var owner: uid_t?
    var group: gid_t?

    /// Of a target that says nothing.
    static let none = DeclaredAttributes()

    private init() {}

    /// - Throws: `noSuchUser`, `noSuchGroup`.
    init(_ target: Target) throws(DeliveryError) {
        mode = target.mode
        owner = try target.owner.map { name throws(DeliveryError) in try Self.userID(name) }
        group = try target.group.map { name throws(DeliveryError) in try Self.groupID(name) }
    }

    private static func userID(_ name: String) throws(DeliveryError) -> uid_t {
        if let number = uid_t(name) { return number }
        guard let found = getpwnam(name) else { throw .noSuchUser(name) }
        return found.pointee.pw_uid
    }

    private static func groupID(_ name: String) throws(DeliveryError) -> gid_t {
        if let number = gid_t(name) { return number }
        guard let found = getgrnam(name) else { throw .noSuchGroup(name) }
        return found.pointee.gr_gid
    }

    /// What a file has otherwise than it is declared.
    func differences(from found: FileAttributes) -> [TargetDifference] {
        differences(from: found.delivered, expecting: nil)
    }

    /// As `differences`; what is not declared is compared with what the last delivery left.
    func differences(from found: DeliveredAttributes, expecting last: DeliveredAttributes?) -> [TargetDifference] {
        var differences: [TargetDifference] = []
        if let mode = mode ?? last?.mode, mode != found.mode { differences.append(.mode) }
        if let owner = owner ?? last?.owner, owner != found.owner { differences.append(.owner) }
        if let group = group ?? last?.group, group != found.group { differences.append(.group) }
        if let last, last.accessList != found.accessList { differences.append(.accessList) }
        return differences
    }
}

/// In what a target's file is not as it should be.
public enum TargetDifference: String, Sendable {
    case content, mode, owner, group
    case accessList = "acl"
    /// A program has the file from before, through a mount of its own.
    case mount
}
