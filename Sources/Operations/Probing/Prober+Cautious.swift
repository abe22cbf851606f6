internal import Credentials
internal import Providers

extension Prober {
    /// The balance calls of many keys that should be right. Where the first of a host's are refused, perhaps all of them
    /// have ended: then no more are tried than the host may see wrong keys.
    /// - Parameters:
    ///   - progress: told how many answers there are.
    ///   - refusing: as for `call`.
    /// - Returns: one reply for each trial, in their order; nil for one that was not tried.
    func cautiousCall(
        _ trials: [Trial], progress: @escaping @Sendable (Int) -> Void,
        refusing: @escaping (CredentialID, CourierReply.Refusal) -> Void
    ) async throws(OperationError) -> [TrialResult?] {
        var replies = [TrialResult?](repeating: nil, count: trials.count)
        // What is known to be refused comes last: its refusal is no news.
        var waiting = Dictionary(grouping: trials.indices) { Self.host(of: trials[$0].credential.terms) }
            .mapValues { $0.filter { trials[$0].lastRefusal == nil } + $0.filter { trials[$0].lastRefusal != nil } }
        var tried: Set<String> = []
        var alarmed: Set<String> = []
        while !waiting.isEmpty {
            var wave: [Int] = []
            for (host, indices) in waiting {
                let left = try attemptsLeft(trials[indices[0]].credential.terms)
                let count = alarmed.contains(host) ? left : tried.contains(host) ? indices.count : max(left, 1)
                wave += indices.prefix(count)
                let rest = Array(indices.dropFirst(count))
                waiting[host] = rest.isEmpty || count == 0 ? nil : rest
                tried.insert(host)
            }
            guard !wave.isEmpty else { break }
            let done = replies.count { $0 != nil }
            let answers = try await call(
                wave.map { trials[$0] }, progress: { progress(done + $0) }, refusing: refusing)
            for (index, reply) in zip(wave, answers) {
                replies[index] = reply
                // One that gives no answer is no reason to ask the others one by one.
                if reply.check.outcome.isDead, trials[index].lastRefusal == nil {
                    alarmed.insert(Self.host(of: trials[index].credential.terms))
                }
            }
        }
        return replies
    }
}
