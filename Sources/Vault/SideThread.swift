internal import Dispatch
internal import Synchronization

/// Works in a second thread on one thing after another, while its owner goes on.
struct SideThread<Input: Sendable, Output: Sendable> {
    private let queue: DispatchQueue?
    private let work: @Sendable (Input) -> Output

    /// - Parameter isWorthIt: false to work in the owner's thread after all.
    init(isWorthIt: Bool, _ work: @escaping @Sendable (Input) -> Output) {
        queue = isWorthIt ? DispatchQueue(label: "rekeep.side-thread") : nil
        self.work = work
    }

    func begin(_ input: Input) -> Piece {
        let piece = Piece()
        let work = work
        if let queue { queue.async { piece.end(with: work(input)) } } else { piece.end(with: work(input)) }
        return piece
    }

    /// A piece of work that was begun.
    final class Piece: Sendable {
        private let output = Mutex<Output?>(nil)
        private let isDone = DispatchSemaphore(value: 0)

        fileprivate func end(with result: Output) {
            output.withLock { $0 = result }
            isDone.signal()
        }

        /// Waits for what came of it, and hands it over, once.
        func result() -> Output {
            isDone.wait()
            guard let result = output.withLock({ $0.take() }) else { preconditionFailure("asked for it twice") }
            return result
        }
    }
}
