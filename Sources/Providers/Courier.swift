public import Sealing

/// Whoever asks the providers: the courier's process, or a test's script.
public protocol Courier: Sendable {
    /// False when there is nobody to ask.
    var isInstalled: Bool { get }
    /// Asks all questions at once; each gets exactly one reply, in their order.
    /// - Parameter progress: called after each reply with the number of replys so far.
    func ask(
        _ questions: [CourierQuestion<SecretBytes>], progress: @escaping @Sendable (Int) -> Void
    ) async -> [CourierReply]
}

extension Courier {
    public func ask(_ questions: [CourierQuestion<SecretBytes>]) async -> [CourierReply] {
        await ask(questions, progress: { _ in })
    }
}

extension CourierClient: Courier {
    public var isInstalled: Bool { executable != nil }
}
