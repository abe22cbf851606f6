public import Credentials
internal import Glibc
internal import Subprocess
internal import Synchronization

/// A command that makes an application read its target again: words, never a shell line, and never a secret.
public enum Hook {
    /// How long one may take.
    public static let timeout = Duration.seconds(60)

    /// What a hook is told of the delivery that it runs after: names, never values.
    public struct Occasion: Sendable {
        /// In `REKEEP_DEPLOYMENT` of the hook's environment, with spaces between them.
        public let deployments: [Deployment]
        /// The targets that hold something new; in `REKEEP_TARGETS`, one a line.
        public let paths: [String]

        /// The hook gets both in its environment.
        public init(deployments: [Deployment], paths: [String]) {
            self.deployments = deployments
            self.paths = paths
        }
    }

    /// Splits a line into words at white space; quotes keep words together. The first becomes an absolute path, so that
    /// it is the same program wherever it is run from.
    /// - Throws: `hookNeedsShell` when the line has a meaning that only a shell gives it; `hookNotFound`;
    ///   `hookChangeable` and `hookOfAnother` when others could put another program in its place.
    public static func words(_ line: String) throws(DeliveryError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in line {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let complete = word { words.append(complete) }
                word = nil
            } else if "|&;<>$`(){}*?~#".contains(character) {
                throw .hookNeedsShell(line)
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil, !isEscaped else { throw .hookNeedsShell(line) }
        if let last = word { words.append(last) }
        guard let program = words.first else { throw .hookNotFound(line) }
        words[0] = try HookProgram.path(of: program)
        // `sh ./reload.sh` runs what lies in the current directory of today.
        for index in words.indices.dropFirst() { words[index] = HookProgram.absolute(words[index]) }
        try HookProgram.check(all: words)
        return words
    }

    /// Runs the words of a target's hook, in the root directory. What it prints goes to stderr.
    /// - Throws: `hookNotFound`, `hookChangeable`, `hookOfAnother`, `hookFailed`, `hookTimedOut`.
    public static func run(
        _ words: [String], after occasion: Occasion, within limit: Duration = timeout
    ) async throws(DeliveryError) {
        guard let program = words.first else { return }
        try HookProgram.check(all: words)
        await RunningHooks.standStillAtEnd()
        var options = PlatformOptions()
        // Its own group, so that whatever it started ends with it when it takes too long.
        options.processGroupID = 0
        let started = Started()
        let status: TerminationStatus?
        do {
            status = try await withThrowingTaskGroup(of: TerminationStatus?.self) { [options] tasks in
                tasks.addTask {
                    RunningHooks.start()
                    defer {
                        let group = started.group.withLock { $0 }
                        if group > 0 { RunningHooks.remove(group) } else { RunningHooks.failToStart() }
                    }
                    return try await Subprocess.run(
                        .path(.init(program)), arguments: Arguments(Array(words.dropFirst())),
                        environment: environment(occasion), workingDirectory: "/", platformOptions: options,
                        input: .none, output: .currentStandardError, error: .currentStandardError
                    ) { execution in
                        let process = execution.processIdentifier.value
                        started.group.withLock { $0 = process }
                        RunningHooks.insert(process)
                    }.terminationStatus
                }
                tasks.addTask {
                    try await Task.sleep(for: limit)
                    return nil
                }
                defer { tasks.cancelAll() }
                let status = try await tasks.next() ?? nil
                if status == nil { await RunningHooks.end(started.group.withLock { $0 }) }
                return status
            }
        } catch {
            await RunningHooks.standStillAtEnd()
            throw .hookNotFound(program)
        }
        await RunningHooks.standStillAtEnd()
        switch status {
        case nil: throw .hookTimedOut(program: program, seconds: Int(limit.components.seconds))
        case .exited(0): return
        case .exited(let code): throw .hookFailed(program: program, status: code)
        case .signaled(let signal): throw .hookFailed(program: program, status: 128 + signal)
        }
    }

    /// The process group of a hook, 0 before it runs.
    private final class Started: Sendable {
        let group = Mutex<pid_t>(0)
    }

    /// Ours without what leads to the vault, and with what happened.
    private static func environment(_ occasion: Occasion) -> Environment {
        var changes: [Environment.Key: String?] = ["CREDENTIALS_DIRECTORY": nil]
        var pointer = environ
        while let variable = pointer.pointee {
            let name = String(cString: variable).prefix { $0 != "=" }
            if name.hasPrefix("REKEEP_") {
                changes.updateValue(nil, forKey: Environment.Key(stringLiteral: String(name)))
            }
            pointer += 1
        }
        changes["REKEEP_DEPLOYMENT"] = occasion.deployments.map(\.description).joined(separator: " ")
        changes["REKEEP_TARGETS"] = occasion.paths.joined(separator: "\n")
        return .inherit.updating(changes)
    }
}
