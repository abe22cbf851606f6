public import Credentials
internal import Delivery
internal import Vault

extension Keeper {
    /// Adds a place that a deployment is written to. Nothing is written yet.
    public func addTarget(_ target: Target, to deployment: Deployment) throws(OperationError) {
        let preset = try preset(target)
        guard target.dialect == UniversalDialect.name else {
            throw .delivery(.noSuchDialect(target.dialect, known: [UniversalDialect.name]))
        }
        let variables = try variables(deployment, preset: preset)
        let bound = try bound(deployment)
        do throws(DeliveryError) {
            try preset.checkNames(bound)
            try TargetWriter(target, of: deployment).preflight(variables)
        } catch {
            throw .delivery(error)
        }
        let isNew = try write { transaction throws(VaultError) in
            var entry = try transaction.deploymentEntry(deployment)
            guard !entry.targets.contains(where: { $0.path == target.path }) else { return false }
            entry.targets.append(target)
            try transaction.put(entry)
            try transaction.log(self.entry("target add", deployment.description, target.path))
            return true
        }
        guard isNew else { throw .targetExists(path: target.path, deployment) }
    }

    /// The targets of a deployment.
    public func targets(_ deployment: Deployment) throws(OperationError) -> [Target] {
        try deploymentsWithTargets([deployment]).flatMap(\.targets)
    }

    /// Forgets a target; its file stays as it is.
    public func removeTarget(path: String, from deployment: Deployment) throws(OperationError) {
        let existed = try write { transaction throws(VaultError) in
            var entry = try transaction.deploymentEntry(deployment)
            let count = entry.targets.count
            entry.targets.removeAll { $0.path == path }
            guard entry.targets.count < count else { return false }
            try transaction.put(entry)
            try transaction.log(self.entry("target remove", deployment.description, path))
            return true
        }
        guard existed else { throw .noTarget(path: path, deployment) }
    }

    private func bound(_ deployment: Deployment) throws(OperationError) -> [(Credential, Binding)] {
        try read { snapshot throws(VaultError) in
            var bound: [(Credential, Binding)] = []
            for address in try snapshot.deployment(deployment)?.addresses ?? [] {
                let credential = try snapshot.credential(at: address)
                if let binding = credential.binding(at: address) { bound.append((credential, binding)) }
            }
            return bound
        }
    }
}
