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
        let names = Set(variables.map(\.name))
        if let other = try deploymentSharing(target.path, names: names, besides: deployment) { throw .delivery(other) }
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

    /// Two deployments may share a file, but not a variable in it.
    private func deploymentSharing(
        _ path: String, names: Set<String>, besides deployment: Deployment
    ) throws(OperationError) -> DeliveryError? {
        let others = try deploymentsWithTargets([]).filter { $0.deployment != deployment }
        for other in others {
            for target in other.targets where target.path == path {
                let taken = try self.variables(other.deployment, preset: try preset(target)).map(\.name)
                if let name = taken.first(where: names.contains) {
                    return .sameFile(path: path, other.deployment, variable: name)
                }
            }
        }
        return nil
    }

    /// The targets of a deployment.
    /// - Parameter orNone: a deployment that does not exist has none.
    public func targets(_ deployment: Deployment, orNone: Bool = false) throws(OperationError) -> [Target] {
        try read { snapshot throws(VaultError) in
            let entry = try snapshot.deployment(deployment)
            guard entry != nil || orNone else { throw .noSuchDeployment(deployment) }
            return entry?.targets ?? []
        }
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
