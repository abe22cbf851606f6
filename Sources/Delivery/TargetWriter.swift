public import Credentials
internal import Files
internal import Glibc
internal import Sealing

/// Writes a deployment's variables to a target, and tells whether a target holds them.
public struct TargetWriter: Sendable {
    private let target: Target
    private let deployment: Deployment
    private let format: any TargetFormat
    private let journal: TargetJournal

    /// - Throws: `noSuchReader`.
    public init(_ target: Target, of deployment: Deployment, journal: TargetJournal) throws(DeliveryError) {
        self.target = target
        self.deployment = deployment
        self.journal = journal
        format = try TargetFormats.named(target.reader)
    }

    /// Finishes or undoes a write in place that a killed process left half done. Nobody else may be writing.
    public func recover() throws(DeliveryError) {
        try withFile { file throws(DeliveryError) in try file.recover(journal) }
    }

    /// Writes what differs. Everything in the file that is not one of the variables stays as it is.
    /// - Returns: false when the file already held exactly this and was not touched.
    ///
    /// - Parameter abandoned: names whose lines are taken out, because they hold values of ours that are not
    ///   wanted any more.
    public func write(_ variables: [Variable], removing abandoned: [String] = []) throws(DeliveryError) -> Bool {
        guard !variables.isEmpty else { throw .noVariables(path: target.path) }
        return try withFile { file throws(DeliveryError) in
            let found = try file.read()
            let content = try newContent(found, variables, removing: abandoned)
            let declared = try DeclaredAttributes(target)
            guard let found else {
                try file.replace(nil, with: content, declared)
                return true
            }
            if found.content == content, declared.differences(from: found.attributes).isEmpty { return false }
            try file.confirmReplaceable(found, isInPlace: target.isInPlace)
            if target.isInPlace {
                try file.overwrite(found, with: content, declared, journal)
            } else {
                try file.replace(found, with: content, declared)
            }
            return true
        }
    }

    /// Reads the file anew and compares every variable and what the target declares.
    /// - Returns: what the file has beside its content.
    public func readBack(_ variables: [Variable]) throws(DeliveryError) -> DeliveredAttributes {
        try withFile { file throws(DeliveryError) in
            guard let found = try file.read() else { throw .file(path: target.path, .read, errno: ENOENT) }
            try prove(found.content, variables)
            let differences = try DeclaredAttributes(target).differences(from: found.attributes)
            if let difference = differences.first {
                throw .readBackDiffers(path: target.path, variable: difference.rawValue)
            }
            return found.attributes.delivered
        }
    }

    /// Finds out, without touching it, whether the target could be written.
    public func preflight(_ variables: [Variable]) throws(DeliveryError) {
        try withFile { file throws(DeliveryError) in
            let found = try file.read()
            _ = try newContent(found, variables)
            if let found { try file.confirmReplaceable(found, isInPlace: target.isInPlace) }
            if let found, target.isInPlace {
                try file.probeOverwrite(found)
            } else {
                try file.probe(found, try DeclaredAttributes(target))
            }
        }
        try HookProgram.check(all: target.hook)
    }

    /// Finds out whether all values have a spelling that reads back as they are.
    public func encodes(_ variables: [Variable]) throws(DeliveryError) {
        let nothing = format.parse(SecretBytes([]))
        try prove(try nothing.setting(variables, removing: [], path: target.path, opening: ""), variables)
    }

    /// What a target was found to hold.
    public struct Holding: Sendable {
        /// By the variable's name.
        public let values: [String: HeldValue]
        /// What the file has beside its content otherwise than it is declared, or than `last`.
        public let differences: [TargetDifference]
    }

    /// A process that still sees the file from before, by a mount of its own: `mountedOld`. It looks through the mounts of
    /// all processes.
    public func oldMount() throws(DeliveryError) -> DeliveryError? {
        try withFile { file throws(DeliveryError) in
            guard let holder = file.holder(), holder.isOld else { return nil }
            return .mountedOld(path: target.path, process: holder.process, at: holder.path)
        }
    }

    /// What the target holds of each variable; nil when there is no file.
    /// - Parameter last: what it had beside its content at the last delivery.
    public func held(_ names: [String], since last: DeliveredAttributes? = nil) throws(DeliveryError) -> Holding? {
        try withFile { file throws(DeliveryError) in
            guard let found = try file.read() else { return nil }
            return Holding(
                values: format.parse(found.content).held(names),
                differences: try DeclaredAttributes(target)
                    .differences(from: found.attributes.delivered, expecting: last))
        }
    }

    private func withFile<Result>(
        _ body: (TargetFile) throws(DeliveryError) -> Result
    ) throws(DeliveryError) -> Result {
        let file = try TargetFile(path: target.path)
        defer { file.close() }
        return try body(file)
    }

    /// One spelling for one file, absolute, with the links in its directory resolved: two targets with the same are the
    /// same. A path whose directory is not there is only made absolute.
    public static func canonical(_ path: String) -> String {
        let path = Paths.absolute(path)
        return (try? Paths.canonical(path)) ?? path
    }

    private func newContent(
        _ found: TargetFile.Found?, _ variables: [Variable], removing abandoned: [String] = []
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
