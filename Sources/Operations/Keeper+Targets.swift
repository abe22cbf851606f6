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
            try snapshot.deployment(deployment).map { entry throws(VaultError) in try Self.bound(entry, snapshot) }
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
            var entry = try transaction.deploymentEntry(deployment)
            let file = TargetWriter.canonical(target.path)
            guard !entry.targets.contains(where: { TargetWriter.canonical($0.path) == file }) else { return false }
            problem = try Self.fileProblem(target.path, names, besides: deployment, transaction.snapshot)
            guard problem == nil else { return true }
            entry.targets.append(target)
            try transaction.put(entry)
            try transaction.log(self.entry("target add", deployment.description, target.path))
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
        var others: [(DeploymentEntry, Target)] = []
        try snapshot.forEachDeployment { entry in
            for target in entry.targets
            where entry.deployment != deployment && target.path.split(separator: "/").last == last
                && TargetWriter.canonical(target.path) == file
            {
                others.append((entry, target))
            }
        }
        for (entry, target) in others {
            for (credential, binding) in try bound(entry, snapshot) {
                let taken = try? Preset.named(target.preset).variables(of: credential, at: binding).map { $0.name }
                if let name = taken?.first(where: names.contains) {
                    problem = .sameFile(path: path, entry.deployment, variable: name)
                }
            }
        }
        return problem
    }

    static func bound(
        _ entry: DeploymentEntry, _ snapshot: Snapshot
    ) throws(VaultError) -> [(Credential, Binding)] {
        var bound: [(Credential, Binding)] = []
        for address in entry.addresses {
            let credential = try snapshot.credential(at: address)
            if let binding = credential.binding(at: address) { bound.append((credential, binding)) }
        }
        return bound
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
}
