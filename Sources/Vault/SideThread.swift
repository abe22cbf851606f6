internal import Dispatch
internal import Synchronization

/// Works in a second thread on one thing after another, while its owner goes on. What no thread has begun by the time that
/// it is asked for, because the system gives none, is done by the owner.
struct SideThread<Input: Sendable, Output: Sendable> {
    private let queue: DispatchQueue?
    private let work: @Sendable (Input) -> Output

    /// - Parameter isWorthIt: false to work in the owner's thread after all.
    init(isWorthIt: Bool, _ work: @escaping @Sendable (Input) -> Output) {
        queue = isWorthIt ? DispatchQueue(label: "rekeep.side-thread") : nil
        self.work = work
    }

    func begin(_ input: Input) -> Piece {
        let piece = Piece(input, work)
        queue?.async { piece.run() }
        return piece
    }

    /// A piece of work that was begun.
    final class Piece: Sendable {
        private let input: Input
        private let work: @Sendable (Input) -> Output
        private let isTaken = Mutex(false)
        private let output = Mutex<Output?>(nil)
        private let isDone = DispatchSemaphore(value: 0)

        fileprivate init(_ input: Input, _ work: @escaping @Sendable (Input) -> Output) {
            self.input = input
            self.work = work
        }

        /// Does the work, unless somebody else does.
        fileprivate func run() {
            let isOurs = isTaken.withLock { isTaken in
                defer { isTaken = true }
                return !isTaken
            }
            guard isOurs else { return }
            let result = work(input)
            output.withLock { $0 = result }
            isDone.signal()
        }

        /// Waits for what comes of it.
        func result() -> Output {
            run()
            while true {
                isDone.wait()
                if let result = output.withLock(\.self) { return result }
            }
        }
    }
}
