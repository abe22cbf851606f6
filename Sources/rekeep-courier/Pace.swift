internal import Credentials
internal import Providers
internal import Synchronization

/// Keeps a provider's rate limit: at most so many requests in so long, counted by key or by host, in this process and in
/// all that share its file, never two at once for one key, and in this process never more than there are places.
///
/// A limit of five in a second is five permits. A request takes one, and the permit is free again a second after the
/// request's *answer*: whatever the network makes of the moments at which requests leave, no two of one permit arrive
/// within that second.
final class Pace: Sendable {
    /// May a request leave?
    enum Leave {
        case permit(Permit)
        /// The provider has asked for more patience, in seconds.
        case blocked(seconds: Int)
    }

    /// A permit that is taken until the answer is there.
    struct Permit {
        fileprivate let scope: String
        fileprivate let index: Int
        fileprivate let period: Int64
    }

    /// How long whoever asked hears nothing of a request that waits, in milliseconds.
    private static let longestSilence: Int64 = 10_000
    private let store: PaceStore
    private let turns = Turns()
    /// Taken last, so that nobody holds one who waits for something else.
    private let places = Places(Transport.inFlight)
    private let waiting: @Sendable () -> Void

    /// - Parameter waiting: told now and then as long as a request waits.
    init(_ store: PaceStore = PaceStore(), waiting: @escaping @Sendable () -> Void = {}) {
        self.store = store
        self.waiting = waiting
    }

    /// Runs `body` when no other call for this key is under way.
    func alone<Result: Sendable>(with key: String, _ body: @Sendable () async -> Result) async -> Result {
        await turns.take("call " + key)
        let result = await body()
        await turns.giveBack("call " + key)
        return result
    }

    /// Waits until one more request may leave. It then has a place, until `answered`.
    func enter(key: String, host: String, limit: Profile.Limit) async -> Leave {
        let scope = limit.scope == .key ? "key " + key : "host " + host
        // More permits than are kept: fewer of them, for a part of the time.
        let parts = max(1, limit.requests / PaceRecord.permits)
        let permits = min(limit.requests, PaceRecord.permits)
        let period = limit.per.seconds * 1000 / Int64(parts)
        await turns.take(scope)
        let leave = await waitForPermit(scope, permits, period)
        await turns.giveBack(scope)
        return leave
    }

    private func waitForPermit(_ scope: String, _ permits: Int, _ period: Int64) async -> Leave {
        var told = Monotonic.milliseconds()
        while true {
            await places.take()
            let now = Monotonic.milliseconds()
            if now - told >= Self.longestSilence {
                waiting()
                told = now
            }
            let step = store.change(scope) { $0.take(of: permits, period: period, now: now) }
            if case .taken = step {} else { places.giveBack() }
            switch step {
            case .taken(let index): return .permit(Permit(scope: scope, index: index, period: period))
            case .blocked(let milliseconds) where milliseconds > 1000:
                return .blocked(seconds: Int((milliseconds + 999) / 1000))
            case .blocked(let milliseconds), .full(let milliseconds):
                // Another process may give a permit back long before its time; a little chance keeps them apart.
                try? await Task.sleep(for: .milliseconds(min(milliseconds, 50) + Int64.random(in: 0...5)))
            }
        }
    }

    /// The answer is there, and the place is free for another request.
    func answered() { places.giveBack() }

    /// It is known what the answer means.
    /// - Parameter retryAfter: for how long the provider wants no more.
    func leave(_ taken: Permit, retryAfter: Span?) {
        let now = Monotonic.milliseconds()
        store.change(taken.scope) { record in
            record.free[taken.index] = now + taken.period
            if let retryAfter { record.notBefore = max(record.notBefore, now + retryAfter.seconds * 1000) }
        }
    }
}

/// What is kept of one scope. Times are milliseconds of the monotonic clock.
struct PaceRecord {
    /// The largest number of permits.
    static let permits = 128
    /// When nothing may leave before.
    var notBefore: Int64 = 0
    /// When each permit is free.
    var free = [Int64](repeating: 0, count: permits)

    enum Step {
        case taken(Int)
        case blocked(Int64)
        case full(Int64)
    }

    /// Takes a permit, if one is free. A holder that died gives its permit back by the time that no call outlives.
    mutating func take(of permits: Int, period: Int64, now: Int64) -> Step {
        let longest = Transport.deadline.components.seconds * 1000 + period
        if notBefore > now, notBefore <= now + Int64(RetryAfter.longest) * 1000 { return .blocked(notBefore - now) }
        // What lies further ahead than anybody could have put it is nobody's.
        for index in 0..<permits where free[index] <= now || free[index] > now + longest {
            free[index] = now + longest
            return .taken(index)
        }
        return .full((free.prefix(permits).min() ?? now) - now)
    }
}

/// Where the records are: in a file that several processes share, or in this one.
final class PaceStore: Sendable {
    private let file: PaceFile?
    private let own = Mutex<[String: PaceRecord]>([:])

    /// - Parameter file: nil to keep pace alone.
    init(file: PaceFile? = nil) { self.file = file }

    @discardableResult
    func change<Result>(_ scope: String, _ body: (inout PaceRecord) -> Result) -> Result {
        if let result = file?.change(scope, body) { return result }
        return own.withLock { records in
            var record = records[scope] ?? PaceRecord()
            let result = body(&record)
            // The compiler cannot see that the result takes nothing of the records with it.
            nonisolated(unsafe) let passed = result
            records[scope] = record
            return passed
        }
    }
}
