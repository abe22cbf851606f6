public import Sealing

/// Whoever asks the providers: the courier's process, or a test's script.
public protocol Courier: Sendable {
    /// False when there is nobody to ask.
    var isInstalled: Bool { get }
    /// Asks the questions as the order says, as many at once as it lets.
    /// - Parameter progress: called after each reply with the number of replies so far.
    /// - Returns: exactly one reply for each question that was asked, in their order; nil for one that was not.
    func ask(
        _ questions: [CourierQuestion<SecretBytes>], in order: AskingOrder, progress: @escaping @Sendable (Int) -> Void
    ) async -> [CourierReply?]
}

extension Courier {
    /// Asks all questions at once; each gets exactly one reply, in their order.
    public func ask(_ questions: [CourierQuestion<SecretBytes>]) async -> [CourierReply] {
        await ask(questions, in: AskingOrder(all: questions.count), progress: { _ in }).compactMap(\.self)
    }
}

/// Which questions are asked at once, and which when some have been answered. They are named by their numbers.
public struct AskingOrder: Sendable {
    /// What is asked at once.
    public let first: [Int]
    /// Told of each reply; says what is asked now.
    public let then: @Sendable (_ number: Int, _ reply: CourierReply) -> [Int]

    /// No question may be named twice.
    public init(first: [Int], then: @escaping @Sendable (_ number: Int, _ reply: CourierReply) -> [Int]) {
        self.first = first
        self.then = then
    }

    /// So many questions, all at once.
    public init(all count: Int) {
        self.init(first: Array(0..<count)) { _, _ in [] }
    }
}

extension CourierClient: Courier {
    /// True when one of the places where the courier may lie has an executable file now.
    public var isInstalled: Bool { executable != nil }
}
