import Dispatch
import Synchronization

/// Runs asynchronous work to its end from a synchronous `main`: an asynchronous one would start the
/// concurrency runtime even for commands that never wait.
enum Waiting {
    /// Safe to hand over because `finish` does not return before the work has: nothing else touches
    /// what it captures, or what it makes, in the meantime.
    private struct Work<Result>: @unchecked Sendable {
        let run: () async throws -> Result
    }

    private struct Outcome<Result>: @unchecked Sendable {
        let result: Swift.Result<Result, any Error>
    }

    private final class Ending<Result>: Sendable {
        let outcome = Mutex<Outcome<Result>?>(nil)
        let done = DispatchSemaphore(value: 0)
    }

    static func finish<Result>(_ body: @escaping () async throws -> Result) throws -> Result {
        let work = Work(run: body)
        let ending = Ending<Result>()
        Task.detached {
            let outcome: Outcome<Result>
            do {
                outcome = Outcome(result: .success(try await work.run()))
            } catch {
                outcome = Outcome(result: .failure(error))
            }
            ending.outcome.withLock { $0 = outcome }
            ending.done.signal()
        }
        while true {
            ending.done.wait()
            if let outcome = ending.outcome.withLock(\.self) { return try outcome.result.get() }
        }
    }
}
