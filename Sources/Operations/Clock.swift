public import Credentials
internal import Glibc

/// What time it is, and how to wait.
public struct Clock: Sendable {
    /// Milliseconds since 1970.
    let wall: @Sendable () -> Int64
    /// Milliseconds of a clock that nobody sets, the same for all processes of the machine.
    let monotonic: @Sendable () -> Int64
    /// Waits so many milliseconds.
    let sleep: @Sendable (Int64) async -> Void

    /// For tests, in which time passes only when somebody waits; programs use `system`.
    public init(
        wall: @escaping @Sendable () -> Int64, monotonic: @escaping @Sendable () -> Int64,
        sleep: @escaping @Sendable (Int64) async -> Void
    ) {
        self.wall = wall
        self.monotonic = monotonic
        self.sleep = sleep
    }

    /// The machine's clocks. A wait ends early when its task is cancelled.
    public static let system = Clock(
        wall: { milliseconds(CLOCK_REALTIME) }, monotonic: { milliseconds(CLOCK_MONOTONIC) },
        sleep: { try? await Task.sleep(for: .milliseconds($0)) })

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// The time by the `wall` clock, in whole seconds.
    public var now: Timestamp { Timestamp(seconds: wall() / 1000) }

    func wait(_ span: Span) async {
        if span.seconds > 0 { await sleep(span.seconds * 1000) }
    }

    /// The wall's time of a moment of the monotonic clock. One that it has not come to yet is now.
    func wall(at moment: Int64) -> Int64 {
        let now = monotonic()
        return wall() - (now - min(max(moment, 0), now))
    }
}
