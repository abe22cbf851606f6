internal import Credentials
internal import Delivery
internal import Vault

/// Two credentials of a deployment, or two deployments in one file, must not write one variable.
enum TargetConflicts {
    /// What is wrong with the names that `credential` would use at `address`; nil when nothing is.
    static func problem(
        adding credential: Credential, at address: Address, _ snapshot: Snapshot
    ) throws(VaultError) -> DeliveryError? {
        let record = try snapshot.deployment(address.deployment)
        var all: [(Credential, Binding)] = []
        for other in record?.addresses ?? [] where credential.binding(at: other) == nil {
            let neighbour = try snapshot.credential(at: other)
            if neighbour.id != credential.id, let binding = neighbour.binding(at: other) {
                all.append((neighbour, binding))
            }
        }
        for binding in credential.bindings where binding.address.deployment == address.deployment {
            all.append((credential, binding))
        }
        do throws(DeliveryError) {
            try Preset.plain.checkNames(all)
            for name in Set((record?.targets ?? []).map(\.preset)) { try Preset.named(name).checkNames(all) }
        } catch {
            return error
        }
        for target in record?.targets ?? [] {
            guard let preset = try? Preset.named(target.preset) else { continue }
            let names = all.flatMap { (try? preset.variables(of: $0.0, at: $0.1).map { $0.name }) ?? [] }
            if let problem = try problem(writing: Set(names), to: target.path, besides: address.deployment, snapshot) {
                return problem
            }
        }
        return nil
    }

    /// Two deployments may share a file, but not a variable in it.
    /// - Returns: what is wrong with writing `names` to the file; nil when nothing is.
    static func problem(
        writing names: Set<String>, to path: String, besides deployment: Deployment, _ snapshot: Snapshot
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

    /// The credentials of a deployment, each with the binding that makes it one of it.
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
}
