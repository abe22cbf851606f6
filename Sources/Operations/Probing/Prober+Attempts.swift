public import Credentials
internal import Providers
internal import Vault

/// Wrong keys are counted by host, in the vault: whoever asks draws on one budget.
extension Prober {
    /// The name that attempts are counted by.
    static func host(of terms: Terms) -> String {
        (try? BaseURL(terms.baseURL).host) ?? terms.baseURL
    }

    /// How many more wrong keys the host may see now.
    func attemptsLeft(_ terms: Terms) throws(OperationError) -> Int {
        let attempts = try store.read { snapshot throws(VaultError) in try snapshot.attempts(at: Self.host(of: terms)) }
        return attempts.left(terms.attempts, at: store.now())
    }

    /// Takes one attempt for a key that is wrong, before it is made.
    /// - Throws: `attemptsSpent` when there is none left.
    func takeAttempt(_ terms: Terms) throws(OperationError) {
        let host = Self.host(of: terms)
        let time = store.now()
        let free: Timestamp? = try store.write { transaction throws(VaultError) in
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

    /// `attemptsSpent` when the host has seen as many wrong keys as it may, else nil.
    public func spentAttempts(_ terms: Terms) throws(OperationError) -> OperationError? {
        try attemptsLeft(terms) <= 0 ? attemptsSpent(terms) : nil
    }

    func attemptsSpent(_ terms: Terms) throws(OperationError) -> OperationError {
        let host = Self.host(of: terms)
        let attempts = try store.read { snapshot throws(VaultError) in try snapshot.attempts(at: host) }
        return .attemptsSpent(host: host, terms.attempts, free: attempts.nextFree(terms.attempts, at: store.now()))
    }

    /// Counts the keys that turned out to be wrong, and keeps at once what the answers say of stored versions where the
    /// vault knew otherwise: whatever comes after, nobody is told that a refused key works, or that a working one is dead.
    func remember(_ trials: [Trial], _ replies: [TrialResult]) throws(OperationError) {
        var wrong: [String: (budget: AttemptBudget, count: Int)] = [:]
        for (trial, reply) in zip(trials, replies)
        where reply.check.outcome.isDead && trial.isCounted && !trial.isRetired && reply.ended != nil {
            wrong[Self.host(of: trial.credential.terms), default: (trial.credential.terms.attempts, 0)].count += 1
        }
        let surprising = Self.surprising(trials, replies)
        guard !wrong.isEmpty || !surprising.isEmpty else { return }
        let time = store.now()
        let counted = wrong
        try store.write { transaction throws(VaultError) in
            for (id, checks) in surprising {
                // One that is being added is not there yet.
                guard var credential = try transaction.snapshot.credentialIfKnown(id) else { continue }
                // Refusals first: what was accepted beside them is newer than what was accepted before.
                for check in checks.sorted(by: { $1.outcome == .ok && $0.outcome != .ok }) {
                    credential.note(check, at: time)
                }
                try transaction.put(credential)
            }
            for (host, (budget, count)) in counted {
                var attempts = try transaction.snapshot.attempts(at: host)
                attempts.add(count, budget, at: time)
                try transaction.put(attempts)
            }
        }
    }

    /// The answers of each credential of which one contradicts what the vault knows.
    private static func surprising(_ trials: [Trial], _ replies: [TrialResult]) -> [CredentialID: [Check]] {
        var all: [CredentialID: [Check]] = [:]
        var contradicted: Set<CredentialID> = []
        for (trial, reply) in zip(trials, replies) where trial.isStored && reply.ended != nil {
            let check = checkedIdentity(reply.check, trial)
            all[trial.credential.id, default: []].append(check)
            if trial.isSurprising(check) {
                contradicted.insert(trial.credential.id)
            }
        }
        return all.filter { contradicted.contains($0.key) }
    }
}

extension Trial {
    /// True where the vault thinks otherwise of the version.
    fileprivate func isSurprising(_ check: Check) -> Bool {
        let isKnownRefused =
            credential.lastCheck(of: version)?.outcome.isRefusal
            ?? (credential.version(number: version)?.refusedAt != nil)
        return isKnownRefused ? check.outcome == .ok : check.outcome.isRefusal && isCounted
    }
}

extension Credential {
    /// Keeps an answer for one of the versions.
    fileprivate mutating func note(_ check: Check, at time: Timestamp) {
        if check.version == current?.number, !check.outcome.isIndeterminate {
            lastCheck = check
            // What another key was accepted for within this second, or by a clock that was ahead, is not known of it now.
            if check.outcome.isRefusal {
                let before = Timestamp(seconds: check.at.seconds - 1)
                for version in kept {
                    update(version: version.number) { $0.provedAt = $0.provedAt.map { min($0, before) } }
                }
            }
        }
        update(version: check.version) {
            // Those of one moment stand together, whichever came first.
            if check.outcome == .ok { $0.accept(at: max(check.at, time)) }
            if check.outcome.isRefusal { $0.deny(at: check.at) }
        }
    }
}
