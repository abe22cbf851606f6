public import Sealing

/// Whoever asks the providers: the courier's process, or a test's script.
public protocol Courier: Sendable {
    /// False when there is nobody to ask.
    var isInstalled: Bool { get }
    /// Asks all questions at once; each gets exactly one reply, in their order.
    /// - Parameter progress: called after each reply with the number of replies so far.
    func ask(
        _ questions: [CourierQuestion<SecretBytes>], progress: @escaping @Sendable (Int) -> Void
    ) async -> [CourierReply]
}

extension Courier {
    /// The same, for callers that do not show progress.
    public func ask(_ questions: [CourierQuestion<SecretBytes>]) async -> [CourierReply] {
        await ask(questions, progress: { _ in })
    }
}

extension CourierClient: Courier {
    /// True when one of the places where the courier may lie has an executable file now.
    public var isInstalled: Bool { executable != nil }
}
