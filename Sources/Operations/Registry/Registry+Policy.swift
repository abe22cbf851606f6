public import Credentials
internal import Vault

extension Registry {
    /// Sorted by pattern.
    public func policies() throws(OperationError) -> [Policy] {
        try store.read { snapshot throws(VaultError) in try snapshot.policies() }
    }

    /// Sets the maximum age of everything that fits the policy's pattern.
    public func setPolicy(_ policy: Policy) throws(OperationError) {
        try store.write { transaction throws(VaultError) in
            let others = try transaction.snapshot.policies().filter { $0.pattern != policy.pattern }
            try transaction.put(others + [policy])
            try transaction.log(store.entry(.policySet, policy.pattern.description, .object(policy.maxAge.description)))
        }
    }

    /// - Throws: `noSuchPolicy`.
    public func unsetPolicy(_ pattern: Pattern) throws(OperationError) {
        let existed = try store.write { transaction throws(VaultError) in
            let all = try transaction.snapshot.policies()
            let others = all.filter { $0.pattern != pattern }
            guard others.count < all.count else { return false }
            try transaction.put(others)
            try transaction.log(store.entry(.policyUnset, pattern.description, .done))
            return true
        }
        guard existed else { throw .noSuchPolicy(pattern) }
    }
}
