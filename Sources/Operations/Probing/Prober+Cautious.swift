internal import Credentials
internal import Providers
internal import Synchronization

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
        let sorted =
            trials.indices.filter { trials[$0].lastRefusal == nil }
            + trials.indices.filter { trials[$0].lastRefusal != nil }
        var budgets: [String: Int] = [:]
        for trial in trials {
            let host = Self.host(of: trial.credential.terms)
            if budgets[host] == nil { budgets[host] = try attemptsLeft(trial.credential.terms) }
        }
        let known = budgets
        let answers = try await call(
            sorted.map { trials[$0] }, in: { FirstAnswers.order(of: $0, known) }, progress: progress, refusing: refusing
        )
        for (index, reply) in zip(sorted, answers) { replies[index] = reply }
        var held = Dictionary(grouping: sorted.filter { replies[$0] == nil }) {
            Self.host(of: trials[$0].credential.terms)
        }
        while !held.isEmpty {
            var wave: [Int] = []
            for (host, indices) in held {
                let left = try attemptsLeft(trials[indices[0]].credential.terms)
                wave += indices.prefix(left)
                held[host] = left > 0 && left < indices.count ? Array(indices.dropFirst(left)) : nil
            }
            guard !wave.isEmpty else { break }
            let done = replies.count { $0 != nil }
            let answers = try await call(
                wave.map { trials[$0] }, progress: { progress(done + $0) }, refusing: refusing)
            for (index, reply) in zip(wave, answers) { replies[index] = reply }
        }
        return replies
    }
}

/// Holds the keys of each host back until the first few have been answered, and for good when one of those is refused
/// that was not known to be. Hosts do not wait for one another, and it all is one talk with the courier: the others go
/// out when the last of the first answers comes in.
private final class FirstAnswers: Sendable {
    private struct Host {
        /// How many of the first have no answer yet.
        var open = 0
        var isAlarmed = false
        var held: [Int] = []
    }

    private let hosts: [String]
    private let isKnownRefused: [Bool]
    private let state: Mutex<[String: Host]>

    /// - Parameter budgets: how many wrong keys each host may see. One key is always tried.
    static func order(of trials: [Trial], _ budgets: [String: Int]) -> AskingOrder {
        let hosts = trials.map { Prober.host(of: $0.credential.terms) }
        var state: [String: Host] = [:]
        var first: [Int] = []
        for (number, host) in hosts.enumerated() {
            if state[host, default: Host()].open < max(budgets[host] ?? 0, 1) {
                state[host, default: Host()].open += 1
                first.append(number)
            } else {
                state[host]?.held.append(number)
            }
        }
        let answers = FirstAnswers(hosts, isKnownRefused: trials.map { $0.lastRefusal != nil }, state)
        return AskingOrder(first: first, then: answers.released)
    }

    private init(_ hosts: [String], isKnownRefused: [Bool], _ state: [String: Host]) {
        self.hosts = hosts
        self.isKnownRefused = isKnownRefused
        self.state = Mutex(state)
    }

    /// What an answer sets free.
    @Sendable private func released(_ number: Int, _ reply: CourierReply) -> [Int] {
        state.withLock { state in
            var host = state[hosts[number]] ?? Host()
            defer { state[hosts[number]] = host }
            host.open -= 1
            // One that gives no answer is no reason to ask the others one by one.
            if reply.result?.outcome.isDead == true, !isKnownRefused[number] { host.isAlarmed = true }
            guard host.open == 0, !host.isAlarmed else { return [] }
            defer { host.held = [] }
            return host.held
        }
    }
}
