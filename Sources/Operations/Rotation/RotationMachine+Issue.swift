internal import Credentials
internal import Providers
internal import Sealing
internal import Vault

extension RotationMachine {
    /// Asks the provider for a new key with the current one. What comes back has to be staged at once: it is nowhere
    /// else yet. That it is asked for is in the log before it is asked.
    /// - Throws: `courier(.cannotChangeKeys)` where the profile does not say how; `refused`, `indeterminate`: then a key
    ///   may have been issued that nobody knows; `issuedNothing`.
    func issue(
        for plan: RotationPlan
    ) async throws(OperationError) -> (values: [String: SecretBytes], expires: Timestamp?) {
        guard let current = plan.credential.current else { throw .nothingToIssueWith(plan.address) }
        let trial = try prober.trial(current, of: plan.credential)
        try store.write { transaction throws(VaultError) in
            try transaction.log(store.entry(.rotate, plan.address.description, .asksForKey))
        }
        let reply = await prober.courier.ask([.issue(trial.call)])[0]
        if let refusal = reply.refusal { throw .courier(refusal) }
        guard let issued = reply.issued else {
            let check = prober.trialResult(reply.result, of: trial).check
            throw check.outcome.isIndeterminate ? .issueIndeterminate(check) : .refused(check)
        }
        var values: [String: SecretBytes] = [:]
        for field in plan.credential.terms.secretFields {
            if let text = issued.values[field.name], !text.isEmpty {
                // As it came, but for white space round it, with which nobody could send it.
                values[field.name] = Hygiene.trimmed(SecretBytes(text.utf8))
            }
        }
        guard !values.isEmpty else { throw .issuedNothing(panelPath: plan.credential.terms.panelPath) }
        let isOld = values.allSatisfy { trial.values[$0.key] == $0.value }
        if isOld { throw .issuedOld(panelPath: plan.credential.terms.panelPath) }
        // One that cannot be right is no reason to lose the key.
        let isRight = (try? plan.credential.terms.checkExpiry(issued.expires, at: store.now())) != nil
        return (values, isRight ? issued.expires : nil)
    }

    /// Asks the provider to end these versions.
    /// - Throws: `inUseElsewhere` when another credential has one of their values, and goes on using it.
    func revoke(_ versions: [Version], of credential: Credential, _ address: Address) async throws(OperationError) {
        if let user = try otherUser(of: versions, in: credential) { throw .inUseElsewhere(user) }
        for version in versions {
            let trial = try prober.trial(version, of: credential)
            try store.write { transaction throws(VaultError) in
                try transaction.log(
                    store.entry(.retire, address.description, .asksToEnd(version: version.number)))
            }
            if let refusal = await prober.courier.ask([.revoke(trial.call)])[0].refusal { throw .courier(refusal) }
        }
    }

    /// Who else has one of these values, and goes on using it.
    func otherUser(of versions: [Version], in credential: Credential) throws(OperationError) -> Address? {
        try store.read { snapshot throws(VaultError) in
            for fingerprint in versions.flatMap(\.fingerprints.values) {
                for id in try snapshot.holders(of: fingerprint) where id != credential.id {
                    let other = try snapshot.credential(id)
                    let uses = other.versions.contains { !$0.isRetired && $0.fingerprints.values.contains(fingerprint) }
                    if uses { return other.addresses.first }
                }
            }
            return nil
        }
    }
}
