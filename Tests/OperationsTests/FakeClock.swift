import Synchronization

@testable import Operations

/// Time that passes only when somebody waits, or a test says so.
final class FakeClock: Sendable {
    private struct Hands {
        var wall: Int64 = 1_790_000_000_000
        var monotonic: Int64 = 1_000_000
    }

    private let hands = Mutex(Hands())

    var clock: Clock {
        Clock(
            wall: { self.hands.withLock { $0.wall } }, monotonic: { self.hands.withLock { $0.monotonic } },
            sleep: { self.pass($0) })
    }

    var monotonic: Int64 { hands.withLock { $0.monotonic } }

    /// Lets time pass, in milliseconds.
    func pass(_ milliseconds: Int64) {
        hands.withLock {
            $0.wall += milliseconds
            $0.monotonic += milliseconds
        }
    }

    /// Sets the system's clock, as somebody or a server of time would.
    func set(by milliseconds: Int64) { hands.withLock { $0.wall += milliseconds } }
}
