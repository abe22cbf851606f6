internal import Credentials
internal import Glibc
internal import Subprocess

/// A command that makes an application read its target again: words, never a shell line, and never a secret.
public enum Hook {
    public static let timeout = 60

    /// Splits a line into words at white space; quotes keep words together.
    /// - Throws: `hookNeedsShell` when the line has a meaning that only a shell gives it; `hookNotFound`.
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
        _ = try locate(program)
        return words
    }

    /// The absolute path of a program.
    /// - Throws: `hookNotFound` when it is nowhere or not executable.
    static func locate(_ program: String) throws(DeliveryError) -> String {
        if program.contains("/") {
            guard access(program, X_OK) == 0 else { throw .hookNotFound(program) }
            return program
        }
        let path =
            getenv("PATH").map { String(cString: $0) } ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        for directory in path.split(separator: ":") where access(directory + "/" + program, X_OK) == 0 {
            return directory + "/" + program
        }
        throw .hookNotFound(program)
    }

    /// Runs the words of a target's hook. What it prints goes to stderr.
    /// - Throws: `hookNotFound`, `hookFailed`, `hookTimedOut`.
    public static func run(_ words: [String]) async throws(DeliveryError) {
        guard let program = words.first else { return }
        let path = try locate(program)
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        // Its own group, so that whatever it started ends with it when it takes too long.
        options.processGroupID = 0
        let status: TerminationStatus?
        do {
            status = try await withThrowingTaskGroup(of: TerminationStatus?.self) { [options] group in
                group.addTask {
                    var running: pid_t = 0
                    defer { RunningHooks.remove(running) }
                    return try await Subprocess.run(
                        .path(.init(path)), arguments: Arguments(Array(words.dropFirst())), platformOptions: options,
                        input: .none, output: .currentStandardError, error: .currentStandardError
                    ) { execution in
                        running = execution.processIdentifier.value
                        RunningHooks.insert(running)
                    }.terminationStatus
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(timeout))
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch {
            throw .hookNotFound(program)
        }
        switch status {
        case nil: throw .hookTimedOut(program: program, seconds: timeout)
        case .exited(0): return
        case .exited(let code): throw .hookFailed(program: program, status: code)
        case .signaled(let signal): throw .hookFailed(program: program, status: 128 + signal)
        }
    }
}
