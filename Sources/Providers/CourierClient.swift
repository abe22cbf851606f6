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

    /// Asks the questions as the order says. Each that is asked gets exactly one reply: where the courier gave none,
    /// because it died, hung or broke the protocol, the reply is empty.
    public func ask(
        _ questions: [CourierQuestion<SecretBytes>], in order: AskingOrder, progress: @escaping @Sendable (Int) -> Void
    ) async -> [CourierReply?] {
        let (asked, asking) = AsyncStream<Int>.makeStream()
        let inbox = Inbox(count: questions.count, order, asking, confinement: confinement, progress: progress)
        await inbox.begin()
        guard !order.first.isEmpty, let executable else { return await inbox.replies }
        // However the courier ends, what has been read until then counts and the rest is unanswered.
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await converse(with: executable, questions, asked, inbox) }
            group.addTask { await inbox.waitUntilSilent(for: Self.patience) }
            await group.next()
            group.cancelAll()
        }
        let replies = await inbox.replies
        for file in Set(replies.compactMap { $0?.replacingProfile }).sorted() { replacing(file) }
        return replies
    }

    private func converse(
        with executable: String, _ questions: [CourierQuestion<SecretBytes>], _ asked: AsyncStream<Int>, _ inbox: Inbox
    ) async throws {
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
                    for await id in asked {
                        try await questions[id].line(id: id).write(to: execution.standardInputWriter)
                    }
                    try await execution.standardInputWriter.finish()
                }
                group.addTask {
                    do {
                        try await Self.listen(to: execution.standardOutput, inbox)
                    } catch {
                        // What broke the protocol is not waited for.
                        try? execution.send(signal: .kill)
                        throw error
                    }
                    await inbox.end()
                }
                try await group.waitForAll()
            }
        }
    }

    private static func listen(to output: SubprocessOutputSequence, _ inbox: Inbox) async throws {
        var line: [UInt8] = []
        for try await chunk in output {
            for byte in chunk.withUnsafeBytes({ Array($0) }) {
                if byte == UInt8(ascii: "\n") {
                    guard await inbox.take(line) else { throw ProtocolViolation() }
                    line.removeAll(keepingCapacity: true)
                } else {
                    line.append(byte)
                    guard line.count <= longestLine else { throw ProtocolViolation() }
                }
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

/// Says what is asked when, collects replies and notices silence.
private actor Inbox {
    /// Empty for a question that is open, nil for one that was not asked.
    private(set) var replies: [CourierReply?]
    private var open: Set<Int> = []
    private var answered = 0
    private var lastHeard = ContinuousClock.now
    private let order: AskingOrder
    private let asking: AsyncStream<Int>.Continuation
    private let confinement: ConfinementNotice
    private let progress: @Sendable (Int) -> Void

    init(
        count: Int, _ order: AskingOrder, _ asking: AsyncStream<Int>.Continuation, confinement: ConfinementNotice,
        progress: @escaping @Sendable (Int) -> Void
    ) {
        replies = Array(repeating: nil, count: count)
        self.order = order
        self.asking = asking
        self.confinement = confinement
        self.progress = progress
    }

    /// Asks what is asked at once.
    func begin() {
        ask(order.first)
    }

    private func ask(_ numbers: [Int]) {
        for number in numbers {
            replies[number] = CourierReply(id: number)
            open.insert(number)
            asking.yield(number)
        }
        // There is nothing more that could be asked.
        if open.isEmpty || !replies.contains(where: { $0 == nil }) { asking.finish() }
    }

    /// The courier says nothing more.
    func end() {
        asking.finish()
    }

    /// False when the line is neither a reply to an open question nor a sign.
    func take(_ line: [UInt8]) -> Bool {
        if line.elementsEqual(CourierSign.waiting.utf8) {
            lastHeard = .now
            return true
        }
        guard let reply = try? JSONDecoder().decode(CourierReply.self, from: Data(line)),
            open.remove(reply.id) != nil
        else { return false }
        replies[reply.id] = reply
        answered += 1
        lastHeard = .now
        if let missing = reply.missingLayers { confinement.note(missing) }
        progress(answered)
        ask(order.then(reply.id, reply))
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
