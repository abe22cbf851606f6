public import Credentials
internal import Delivery
public import Vault

extension Deliverer {
    /// All deployments that have targets, or those that are named.
    public func deploymentsWithTargets(_ named: [Deployment]) throws(OperationError) -> [DeploymentRecord] {
        if named.isEmpty { return try store.deploymentsWithTargets() }
        let found = try store.read { snapshot throws(VaultError) in
            var entries: [DeploymentRecord] = []
            for deployment in named {
                guard let record = try snapshot.deployment(deployment) else { throw .noSuchDeployment(deployment) }
                if !record.targets.isEmpty { entries.append(record) }
            }
            return entries.sorted { $0.deployment < $1.deployment }
        }
        for deployment in named where !found.contains(where: { $0.deployment == deployment }) {
            throw .noTargets(deployment)
        }
        return found
    }

    /// Writes the current values to the targets of the deployments, all that have any when none is named.
    public func deploy(_ deployments: [Deployment]) async throws(OperationError) -> [TargetReport] {
        let reports = await deliver(to: try deploymentsWithTargets(deployments).map(\.deployment))
        try store.write { transaction throws(VaultError) in
            try transaction.log(
                store.entry(
                    .deploy, deployments.map(\.description).joined(separator: " "),
                    .part(reports.count(where: \.isDone), of: reports.count)))
        }
        return reports
    }

    /// What `deploy` would change.
    public func preview(_ deployments: [Deployment]) throws(OperationError) -> [DeployPreview] {
        var previews: [DeployPreview] = []
        for record in try deploymentsWithTargets(deployments) {
            for target in record.targets {
                var changes: [String] = []
                var removals: [String] = []
                var problem: DeliveryError?
                let variables = try variables(record.deployment, preset: try preset(target))
                do throws(OperationError) {
                    let writer = try recovered(target, of: record.deployment)
                    removals = try abandoned(target, record.deployment, variables)
                    do throws(DeliveryError) {
                        changes = try self.changes(writer, variables, [])
                        // What is right is not written, so that nothing can go wrong with it.
                        if !changes.isEmpty || !removals.isEmpty { try writer.preflight(variables) }
                    } catch {
                        problem = error
                    }
                } catch .delivery(let error) {
                    problem = error
                }
                previews.append(
                    DeployPreview(
                        deployment: record.deployment, path: target.path, changes: changes,
                        removals: removals,
                        isHookDue: !target.hook.isEmpty
                            && (target.delivery.isHookDue || !changes.isEmpty || !removals.isEmpty),
                        problem: problem))
            }
        }
        return previews
    }
}
