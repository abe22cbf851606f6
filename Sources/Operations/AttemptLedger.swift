internal import Credentials
internal import Providers
internal import Vault

/// Wrong keys are counted by host, in the vault: whoever asks draws on one budget.
extension Keeper {
    /// The name that attempts are counted by.
    static func host(of terms: Terms) -> String {
        (try? BaseURL(terms.baseURL).host) ?? terms.baseURL
    }

    /// How many more wrong keys the host may see now.
    func attemptsLeft(_ terms: Terms) throws(OperationError) -> Int {
        let attempts = try read { snapshot throws(VaultError) in try snapshot.attempts(at: Self.host(of: terms)) }
        return attempts.left(terms.attempts, at: now())
    }

    /// Takes one attempt for a key that is wrong, before it is made.
    /// - Throws: `attemptsSpent` when there is none left.
    func takeAttempt(_ terms: Terms) throws(OperationError) {
        let host = Self.host(of: terms)
        let time = now()
        let free: Timestamp? = try write { transaction throws(VaultError) in
            var attempts = try transaction.snapshot.attempts(at: host)
            guard attempts.left(terms.attempts, at: time) > 0 else {
                return attempts.nextFree(terms.attempts, at: time)
            }
            attempts.add(1, terms.attempts, at: time)
            try transaction.put(attempts)
            return nil
        }
        if let free { throw .attemptsSpent(host: host, terms.attempts, free: free) }
    }

    /// Counts the keys that turned out to be wrong.
    func countWrong(_ trials: [Trial], _ replies: [Reply]) throws(OperationError) {
        var wrong: [String: (budget: AttemptBudget, count: Int)] = [:]
        for (trial, reply) in zip(trials, replies)
        where reply.check.outcome.isDead && trial.isCounted && !trial.isRetired && reply.ended != nil {
            wrong[Self.host(of: trial.credential.terms), default: (trial.credential.terms.attempts, 0)].count += 1
        }
        guard !wrong.isEmpty else { return }
        let time = now()
        let counted = wrong
        try write { transaction throws(VaultError) in
            for (host, (budget, count)) in counted {
                var attempts = try transaction.snapshot.attempts(at: host)
                attempts.add(count, budget, at: time)
                try transaction.put(attempts)
            }
        }
    }
}
