public import Credentials
internal import Files
internal import Glibc
internal import Sealing

/// Writes a deployment's variables to a target, and tells whether a target holds them.
public struct TargetWriter: Sendable {
    private let target: Target
    private let deployment: Deployment
    private let format: any TargetFormat

    /// - Throws: `noSuchReader`.
    public init(_ target: Target, of deployment: Deployment) throws(DeliveryError) {
        self.target = target
        self.deployment = deployment
        format = try TargetFormats.named(target.reader)
    }

    /// Writes what differs, reads it back and compares. Everything in the file that is not one of the
    /// variables stays as it is.
    /// - Returns: false when the file already held exactly this and was not touched.
    ///
    /// - Parameter abandoned: names whose lines are taken out, because they hold values of ours that are not
    ///   wanted any more.
    public func write(_ variables: [Variable], removing abandoned: [String] = []) throws(DeliveryError) -> Bool {
        guard !variables.isEmpty else { throw .noVariables(path: target.path) }
        let file = try AtomicFile(path: target.path)
        defer { file.close() }
        let found = try file.read()
        let content = try newContent(found, variables, removing: abandoned)
        let mode = target.mode ?? found?.mode ?? 0o600
        if let found, found.content == content, found.mode == mode { return false }
        let (owner, group) = try ownership()
        try file.replace(found, with: content, mode: mode, owner: owner, group: group)
        return true
    }

    /// Reads the file anew and compares every variable.
    public func readBack(_ variables: [Variable]) throws(DeliveryError) {
        let file = try AtomicFile(path: target.path)
        defer { file.close() }
        guard let found = try file.read() else { throw .file(path: target.path, .read, errno: ENOENT) }
        try prove(found.content, variables)
    }

    /// Finds out, without touching it, whether the target could be written.
    public func preflight(_ variables: [Variable]) throws(DeliveryError) {
        let file = try AtomicFile(path: target.path)
        defer { file.close() }
        let found = try file.read()
        _ = try newContent(found, variables)
        let (owner, group) = try ownership()
        try file.probe(found, mode: target.mode ?? found?.mode ?? 0o600, owner: owner, group: group)
        try HookProgram.check(all: target.hook)
    }

    /// Finds out whether all values have a spelling that reads back as they are.
    public func encodes(_ variables: [Variable]) throws(DeliveryError) {
        let nothing = format.parse(SecretBytes([]))
        try prove(try nothing.setting(variables, removing: [], path: target.path, opening: ""), variables)
    }

    /// What the target holds of each variable, by name; nil when there is no file.
    public func held(_ names: [String]) throws(DeliveryError) -> [String: HeldValue]? {
        let file = try AtomicFile(path: target.path)
        defer { file.close() }
        guard let found = try file.read() else { return nil }
        return format.parse(found.content).held(names)
    }

    /// One spelling for one file, absolute, with the links in its directory resolved: two targets with the same are the
    /// same. A path whose directory is not there is only made absolute.
    public static func canonical(_ path: String) -> String {
        let path = Paths.absolute(path)
        return (try? Paths.canonical(path)) ?? path
    }

    private func ownership() throws(DeliveryError) -> (owner: uid_t?, group: gid_t?) {
        var owner: uid_t?
        var group: gid_t?
        if let name = target.owner { owner = try Self.userID(name) }
        if let name = target.group { group = try Self.groupID(name) }
        return (owner, group)
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

    private func newContent(
        _ found: AtomicFile.Found?, _ variables: [Variable], removing abandoned: [String] = []
    ) throws(DeliveryError) -> SecretBytes {
        let content = try format.parse(found?.content ?? SecretBytes([])).setting(
            variables, removing: abandoned, path: target.path,
            opening: "# Variables of \(deployment), kept by rekeep.\n")
        try prove(content, variables)
        return content
    }

    private func prove(_ content: SecretBytes, _ variables: [Variable]) throws(DeliveryError) {
        let held = format.parse(content).held(variables.map(\.name))
        for variable in variables where held[variable.name] != .value(variable.value) {
            throw .readBackDiffers(path: target.path, variable: variable.name)
        }
    }
}
