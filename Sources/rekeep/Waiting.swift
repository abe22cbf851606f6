import Dispatch
import Synchronization

/// Runs asynchronous work to its end from a synchronous `main`: an asynchronous one would start the
/// concurrency runtime even for commands that never wait.
enum Waiting {
    /// Safe to hand over because `finish` does not return before the work has: nothing else touches
    /// what it captures in the meantime.
    private struct Work: @unchecked Sendable {
        let run: () async throws -> Void
    }

    private final class Ending: Sendable {
        let failure = Mutex<(any Error)?>(nil)
        let done = DispatchSemaphore(value: 0)
    }

    static func finish(_ body: @escaping () async throws -> Void) throws {
        let work = Work(run: body)
        let ending = Ending()
        Task.detached {
            do {
                try await work.run()
            } catch {
                ending.failure.withLock { $0 = error }
            }
            ending.done.signal()
        }
        ending.done.wait()
        if let error = ending.failure.withLock({ $0 }) { throw error }
    }
}
