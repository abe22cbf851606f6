public import Credentials
internal import Providers
public import Sealing
internal import Vault

extension Keeper {
    /// Asks the provider for a new key with the current one. What comes back has to be staged at once: it is nowhere
    /// else yet. That it is asked for is in the log before it is asked.
    /// - Throws: `courier(.cannotChangeKeys)` where the profile does not say how; `refused`, `indeterminate`: then a key
    ///   may have been issued that nobody knows; `issuedNothing`.
    public func issue(
        for plan: RotationPlan
    ) async throws(OperationError) -> (values: [String: SecretBytes], expires: Timestamp?) {
        guard let current = plan.credential.current else { throw .nothingToIssueWith(plan.address) }
        let call = try balanceCall(current, of: plan.credential)
        try write { transaction throws(VaultError) in
            try transaction.log(entry("rotate", plan.address.description, "asks the provider for a key"))
        }
        let answer = await courier.ask([.issue(call)])[0]
        if let refusal = answer.refusal { throw .courier(refusal) }
        guard let issued = answer.issued else {
            let check = Self.check(answer.result, at: now(), of: current)
            throw check.outcome.isIndeterminate ? .issueIndeterminate(check) : .refused(check)
        }
        var values: [String: SecretBytes] = [:]
        for field in plan.credential.terms.secretFields {
            if let text = issued.values[field.name], !text.isEmpty { values[field.name] = SecretBytes(text.utf8) }
        }
        guard !values.isEmpty else { throw .issuedNothing(panelPath: plan.credential.terms.panelPath) }
        // The day is enough, and every provider writes it first.
        return (values, issued.expires.flatMap { Timestamp(date: String($0.prefix(10))) })
    }

    /// Asks the provider to end these versions.
    func revoke(_ versions: [Version], of credential: Credential, _ address: Address) async throws(OperationError) {
        for version in versions {
            let call = try balanceCall(version, of: credential)
            try write { transaction throws(VaultError) in
                try transaction.log(
                    entry("retire", address.description, "asks the provider to end version \(version.number)"))
            }
            if let refusal = await courier.ask([.revoke(call)])[0].refusal { throw .courier(refusal) }
        }
    }

    private func balanceCall(_ version: Version, of credential: Credential) throws(OperationError) -> BalanceCall {
        BalanceCall(
            provider: credential.provider, environment: credential.environment,
            ownBaseURL: credential.hasOwnBaseURL ? credential.terms.baseURL : nil,
            fields: try values(of: version, in: credential))
    }

    private static func check(_ result: BalanceResult?, at time: Timestamp, of version: Version) -> Check {
        let result = result ?? BalanceResult(outcome: Outcome.unknown.name, cause: .courier)
        let outcome = Outcome(name: result.outcome) ?? .unknown
        return Check(
            outcome: outcome, at: time, version: version.number, balance: nil, identity: nil, latency: nil,
            message: CheckMessage.text(outcome, result))
    }
}
