internal import FoundationEssentials
internal import Glibc
public import Sealing
internal import Subprocess
internal import Synchronization

/// Starts the courier for one batch of questions and reads what it says, treating its output as hostile.
public struct CourierClient: Sendable {
    /// Where the courier may lie; the first that is there is taken, and only when it is needed.
    private let candidates: [String]
    /// The directory of the user's own profiles.
    public let ownProfiles: String
    /// By which all couriers of this user keep a provider's pace; nil to keep it alone.
    private let paceFile: String?
    /// The courier's whole environment, by name and value.
    private let environment: [(name: String, value: String)]
    /// The variables that are passed on: proxy and CA settings, nothing else.
    public static let passedVariables = [
        "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    ]
    /// How long it may say nothing while a question is open, in seconds; longer than any single call takes.
    private static let patience = 40.0
    private static let longestLine = 1 << 20
    /// Told of the user's files that took a built-in profile's place for a reply.
    private let replacing: @Sendable (String) -> Void

    private let confinement: ConfinementNotice

    /// - Parameters:
    ///   - replacing: told of the user's files that took a built-in profile's place.
    ///   - lessConfined: told, once, what the kernel does not confine the courier with.
    public init(
        candidates: [String], ownProfiles: String, paceFile: String? = nil,
        environment: [(name: String, value: String)],
        replacing: @escaping @Sendable (String) -> Void = { _ in },
        lessConfined: @escaping @Sendable ([Confinement.Layer]) -> Void = { _ in }
    ) {
        self.candidates = candidates
        self.ownProfiles = ownProfiles
        self.paceFile = paceFile
        self.environment = environment
        self.replacing = replacing
        confinement = ConfinementNotice(tell: lessConfined)
    }

    /// The courier's path; nil when it is not installed.
    public var executable: String? { candidates.first { access($0, X_OK) == 0 } }

    /// Asks all questions at once. Each gets exactly one reply: where the courier gave none, because it
    /// died, hung or broke the protocol, the reply is empty.
    /// - Parameter progress: called after each reply with the number of replies so far.
    public func ask(
        _ questions: [CourierQuestion<SecretBytes>], progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async -> [CourierReply] {
        let inbox = Inbox(count: questions.count, confinement: confinement, progress: progress)
        guard !questions.isEmpty, let executable else { return await inbox.replies }
        // However the courier ends, what has been read until then counts and the rest is unanswered.
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await converse(with: executable, questions, inbox) }
            group.addTask { await inbox.waitUntilSilent(for: Self.patience) }
            await group.next()
            group.cancelAll()
        }
        let replies = await inbox.replies
        for file in Set(replies.compactMap(\.replacingProfile)).sorted() { replacing(file) }
        return replies
    }

    private func converse(with executable: String, _ questions: [CourierQuestion<SecretBytes>], _ inbox: Inbox)
        async throws
    {
        var options = PlatformOptions()
        options.teardownSequence = [.send(signal: .kill, allowedDurationToNextStep: .zero)]
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        _ = try await run(
            .path(.init(executable)),
            arguments: Arguments(["--profiles", ownProfiles] + (paceFile.map { ["--pace", $0] } ?? [])),
            environment: .custom(variables),
            platformOptions: options, input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for (id, question) in questions.enumerated() {
                        let line = question.line(id: id)
                        try await line.write(to: execution.standardInputWriter)
                    }
                    try await execution.standardInputWriter.finish()
                }
                group.addTask {
                    var line: [UInt8] = []
                    for try await chunk in execution.standardOutput {
                        for byte in chunk.withUnsafeBytes({ Array($0) }) {
                            if byte == UInt8(ascii: "\n") {
                                guard await inbox.take(line) else { throw ProtocolViolation() }
                                line.removeAll(keepingCapacity: true)
                            } else {
                                line.append(byte)
                                guard line.count <= Self.longestLine else { throw ProtocolViolation() }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}

/// The courier said something that is no reply.
private struct ProtocolViolation: Error {}

/// Every courier that is started says how it is confined; it is told once.
private final class ConfinementNotice: Sendable {
    private let tell: @Sendable ([Confinement.Layer]) -> Void
    private let isTold = Mutex(false)

    init(tell: @escaping @Sendable ([Confinement.Layer]) -> Void) {
        self.tell = tell
    }

    func note(_ missing: [Confinement.Layer]) {
        let isNew = isTold.withLock { told in
            defer { told = true }
            return !told
        }
        if isNew { tell(missing) }
    }
}

/// Collects replies and notices silence.
private actor Inbox {
    private(set) var replies: [CourierReply]
    private var answered: Set<Int> = []
    private var lastHeard = ContinuousClock.now
    private let confinement: ConfinementNotice
    private let progress: @Sendable (Int) -> Void

    init(count: Int, confinement: ConfinementNotice, progress: @escaping @Sendable (Int) -> Void) {
        replies = (0..<count).map { CourierReply(id: $0) }
        self.confinement = confinement
        self.progress = progress
    }

    /// False when the line is no reply to an open question.
    func take(_ line: [UInt8]) -> Bool {
        guard let reply = try? JSONDecoder().decode(CourierReply.self, from: Data(line)),
            replies.indices.contains(reply.id), answered.insert(reply.id).inserted
        else { return false }
        replies[reply.id] = reply
        lastHeard = .now
        if let missing = reply.missingLayers { confinement.note(missing) }
        progress(answered.count)
        return true
    }

    /// Returns when nothing has been heard for `seconds`.
    func waitUntilSilent(for seconds: Double) async {
        while ContinuousClock.now < lastHeard + .seconds(seconds) {
            do {
                try await Task.sleep(until: lastHeard + .seconds(seconds), clock: .continuous)
            } catch {
                return
            }
        }
    }
}
