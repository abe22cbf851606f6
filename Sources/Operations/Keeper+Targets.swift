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
        let bound = try read { snapshot throws(VaultError) in
            try snapshot.deployment(deployment).map { record throws(VaultError) in try Self.bound(record, snapshot) }
                ?? []
        }
        do throws(DeliveryError) {
            try preset.checkNames(bound)
            try TargetWriter(target, of: deployment).preflight(variables)
        } catch {
            throw .delivery(error)
        }
        let names = Set(variables.map(\.name))
        var problem: DeliveryError?
        let isNew = try write { transaction throws(VaultError) in
            var record = try transaction.deploymentRecord(deployment)
            let file = TargetWriter.canonical(target.path)
            guard !record.targets.contains(where: { TargetWriter.canonical($0.path) == file }) else { return false }
            problem = try Self.fileProblem(target.path, names, besides: deployment, transaction.snapshot)
            guard problem == nil else { return true }
            record.targets.append(target)
            try transaction.put(record)
            try transaction.log(entry("target add", deployment.description, target.path))
            return true
        }
        if let problem { throw .delivery(problem) }
        guard isNew else { throw .targetExists(path: target.path, deployment) }
    }

    /// Two deployments may share a file, but not a variable in it.
    /// - Returns: what is wrong with writing `names` to the file; nil when nothing is.
    static func fileProblem(
        _ path: String, _ names: Set<String>, besides deployment: Deployment, _ snapshot: Snapshot
    ) throws(VaultError) -> DeliveryError? {
        let file = TargetWriter.canonical(path)
        let last = file.split(separator: "/").last
        var problem: DeliveryError?
        var others: [(DeploymentRecord, Target)] = []
        try snapshot.forEachDeployment { record in
            for target in record.targets
            where record.deployment != deployment && target.path.split(separator: "/").last == last
                && TargetWriter.canonical(target.path) == file
            {
                others.append((record, target))
            }
        }
        for (record, target) in others {
            for (credential, binding) in try bound(record, snapshot) {
                let taken = try? Preset.named(target.preset).variables(of: credential, at: binding).map { $0.name }
                if let name = taken?.first(where: names.contains) {
                    problem = .sameFile(path: path, record.deployment, variable: name)
                }
            }
        }
        return problem
    }

    static func bound(
        _ record: DeploymentRecord, _ snapshot: Snapshot
    ) throws(VaultError) -> [(Credential, Binding)] {
        var bound: [(Credential, Binding)] = []
        for address in record.addresses {
            let credential = try snapshot.credential(at: address)
            if let binding = credential.binding(at: address) { bound.append((credential, binding)) }
        }
        return bound
    }

    /// The targets of a deployment.
    /// - Parameter orNone: a deployment that does not exist has none.
    public func targets(_ deployment: Deployment, orNone: Bool = false) throws(OperationError) -> [Target] {
        try read { snapshot throws(VaultError) in
            let record = try snapshot.deployment(deployment)
            guard record != nil || orNone else { throw .noSuchDeployment(deployment) }
            return record?.targets ?? []
        }
    }

    /// Forgets a target; its file stays as it is.
    public func removeTarget(path: String, from deployment: Deployment) throws(OperationError) {
        let existed = try write { transaction throws(VaultError) in
            var record = try transaction.deploymentRecord(deployment)
            let count = record.targets.count
            record.targets.removeAll { $0.path == path }
            guard record.targets.count < count else { return false }
            try transaction.put(record)
            try transaction.log(entry("target remove", deployment.description, path))
            return true
        }
        guard existed else { throw .noTarget(path: path, deployment) }
    }
}
