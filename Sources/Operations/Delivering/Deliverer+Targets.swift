public import Credentials
internal import Delivery
internal import Vault

extension Deliverer {
    /// Adds a place that a deployment is written to. Nothing is written yet.
    public func addTarget(_ target: Target, to deployment: Deployment) throws(OperationError) {
        let preset = try preset(target)
        let variables = try variables(deployment, preset: preset)
        let bound = try store.read { snapshot throws(VaultError) in
            try snapshot.deployment(deployment).map { record throws(VaultError) in
                try TargetConflicts.bound(record, snapshot)
            }
                ?? []
        }
        let writer = try recovered(target, of: deployment)
        do throws(DeliveryError) {
            try preset.checkNames(bound)
            try writer.preflight(variables)
        } catch {
            throw .delivery(error)
        }
        let names = Set(variables.map(\.name))
        var problem: DeliveryError?
        let isNew = try store.write { transaction throws(VaultError) in
            var record = try transaction.deploymentRecord(deployment)
            let file = TargetWriter.canonical(target.path)
            guard !record.targets.contains(where: { TargetWriter.canonical($0.path) == file }) else { return false }
            problem = try TargetConflicts.problem(
                writing: names, to: target.path, besides: deployment, transaction.snapshot)
            guard problem == nil else { return true }
            record.targets.append(target)
            try transaction.put(record)
            try transaction.log(store.entry(.targetAdd, deployment.description, .object(target.path)))
            return true
        }
        if let problem { throw .delivery(problem) }
        guard isNew else { throw .targetExists(path: target.path, deployment) }
    }

    /// The targets of the deployments, of all when none is named.
    /// - Throws: `vault(.noSuchDeployment)`.
    public func targets(
        _ deployments: [Deployment]
    ) throws(OperationError) -> [(deployment: Deployment, target: Target)] {
        var found: [(deployment: Deployment, target: Target)] = []
        if deployments.isEmpty {
            for record in try store.deploymentsWithTargets() { found += record.targets.map { (record.deployment, $0) } }
        }
        for deployment in deployments { found += try store.targets(deployment).map { (deployment, $0) } }
        return found
    }

    /// Forgets a target; its file stays as it is.
    public func removeTarget(path: String, from deployment: Deployment) throws(OperationError) {
        let existed = try store.write { transaction throws(VaultError) in
            var record = try transaction.deploymentRecord(deployment)
            let count = record.targets.count
            record.targets.removeAll { $0.path == path }
            guard record.targets.count < count else { return false }
            try transaction.put(record)
            try transaction.log(store.entry(.targetRemove, deployment.description, .object(path)))
            return true
        }
        guard existed else { throw .noTarget(path: path, deployment) }
    }
}
