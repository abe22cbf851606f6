internal import Credentials
internal import Providers
internal import Sealing
internal import Vault

extension Keeper {
    /// Asks the provider for a new key with the current one. What comes back has to be staged at once: it is nowhere
    /// else yet. That it is asked for is in the log before it is asked.
    /// - Throws: `courier(.cannotChangeKeys)` where the profile does not say how; `refused`, `indeterminate`: then a key
    ///   may have been issued that nobody knows; `issuedNothing`.
    func issue(
        for plan: RotationPlan
    ) async throws(OperationError) -> (values: [String: SecretBytes], expires: Timestamp?) {
        guard let current = plan.credential.current else { throw .nothingToIssueWith(plan.address) }
        let trial = try trial(current, of: plan.credential)
        try write { transaction throws(VaultError) in
            try transaction.log(entry("rotate", plan.address.description, "asks the provider for a key"))
        }
        let answer = await courier.ask([.issue(trial.balanceCall)])[0]
        if let refusal = answer.refusal { throw .courier(refusal) }
        guard let issued = answer.issued else {
            let check = reply(answer.result, to: trial).check
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
        let expires = Self.date(issued.expires)
        return (values, (try? checkExpiry(expires, plan.credential.terms)) == nil ? nil : expires)
    }

    /// Asks the provider to end these versions.
    /// - Throws: `inUseElsewhere` when another credential has one of their values, and goes on using it.
    func revoke(_ versions: [Version], of credential: Credential, _ address: Address) async throws(OperationError) {
        if let user = try otherUser(of: versions, in: credential) { throw .inUseElsewhere(user) }
        for version in versions {
            let trial = try trial(version, of: credential)
            try write { transaction throws(VaultError) in
                try transaction.log(
                    entry("retire", address.description, "asks the provider to end version \(version.number)"))
            }
            if let refusal = await courier.ask([.revoke(trial.balanceCall)])[0].refusal { throw .courier(refusal) }
        }
    }

    /// Who else has one of these values, and goes on using it.
    func otherUser(of versions: [Version], in credential: Credential) throws(OperationError) -> Address? {
        try read { snapshot throws(VaultError) in
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
