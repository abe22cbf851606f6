internal import Providers

/// Keeps a provider's rate limit: at most so many requests in so long, counted by key or by host, and
/// never two at once for one key.
actor Pace {
    private var nextStart: [String: ContinuousClock.Instant] = [:]
    private var busyKeys: Set<String> = []
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// Runs `body` when no other call for this key is under way.
    func alone<Result: Sendable>(with key: String, _ body: @Sendable () async -> Result) async -> Result {
        while busyKeys.contains(key) {
            await withCheckedContinuation { waiting[key, default: []].append($0) }
        }
        busyKeys.insert(key)
        let result = await body()
        busyKeys.remove(key)
        if var queue = waiting.removeValue(forKey: key), !queue.isEmpty {
            let next = queue.removeFirst()
            waiting[key] = queue
            next.resume()
        }
        return result
    }

    /// Waits until one more request may leave.
    func slot(key: String, host: String, limit: Profile.Limit) async {
        let scope = limit.scope == .key ? "key " + key : "host " + host
        let start = max(nextStart[scope] ?? .now, .now)
        nextStart[scope] = start + .seconds(limit.per.seconds) / limit.requests
        try? await Task.sleep(until: start, clock: .continuous)
    }
}
