public import Credentials
public import Delivery
internal import Sealing
internal import Vault

/// What a target is to hold, and what it is to lose.
extension Deliverer {
    /// The current variables of a deployment, as a preset names them.
    public func variables(_ deployment: Deployment, preset: Preset) throws(OperationError) -> [Variable] {
        try contents(of: deployment, preset: preset).variables
    }

    /// Keeps that a program reads the variables: a deployment that is read is in use, also without a target.
    public func noteUse(of deployment: Deployment) { store.vault.noteUse(of: deployment, at: store.now()) }

    /// The variables of a deployment and the versions that their values come from.
    struct Contents {
        var variables: [Variable] = []
        var versions: [CredentialID: Int] = [:]
    }

    /// - Parameter replacing: a version to render in place of the current one, for trying a new key's spelling.
    func contents(
        of deployment: Deployment, preset: Preset, replacing: (id: CredentialID, values: [String: SecretBytes])? = nil
    ) throws(OperationError) -> Contents {
        let result: Result<Contents, DeliveryError> = try store.read { snapshot throws(VaultError) in
            guard let record = try snapshot.deployment(deployment) else { throw .noSuchDeployment(deployment) }
            var contents = Contents()
            for address in record.addresses {
                let credential = try snapshot.credential(at: address)
                guard let binding = credential.binding(at: address), let current = credential.current else { continue }
                let sources: [(name: String, source: Preset.Source)]
                do throws(DeliveryError) {
                    sources = try preset.variables(of: credential, at: binding)
                } catch {
                    return .failure(error)
                }
                contents.versions[credential.id] = current.number
                for (name, source) in sources {
                    let value: SecretBytes
                    var isSecret = false
                    switch source {
                    case .text(let text): value = SecretBytes(text.utf8)
                    case .field(let field):
                        isSecret = field.isSecret
                        if let other = replacing, other.id == credential.id, let given = other.values[field.name] {
                            value = given
                        } else if field.isSecret {
                            value = try snapshot.secret(field.name, of: current, in: credential.id)
                        } else if let text = current.plain[field.name] {
                            value = SecretBytes(text.utf8)
                        } else {
                            continue
                        }
                    }
                    contents.variables.append(Variable(name: name, value: value, isSecret: isSecret, address: address))
                }
            }
            return .success(contents)
        }
        do {
            return try result.get()
        } catch {
            throw .delivery(error)
        }
    }

    func preset(_ target: Target) throws(OperationError) -> Preset {
        do {
            return try Preset.named(target.preset)
        } catch {
            throw .delivery(error)
        }
    }

    /// What a write would change, by name: variables that are absent or hold something else, those that are not wanted
    /// any more and still there, and what the target declares of its file.
    func changes(
        _ writer: TargetWriter, _ variables: [Variable], _ abandoned: [String]
    ) throws(DeliveryError) -> [String] {
        let found = try writer.held(variables.map(\.name))
        return variables.filter { found?.values[$0.name] != .value($0.value) }.map(\.name) + abandoned
            + (found?.differences.map(\.rawValue) ?? [])
    }

    /// Names that an earlier delivery wrote and this one does not, where the line still holds a value of
    /// ours and no other target writes it: what somebody else put there is left alone.
    func abandoned(
        _ target: Target, _ deployment: Deployment, _ variables: [Variable]
    ) throws(OperationError) -> [String] {
        let names = target.delivery.names.filter { name in !variables.contains { $0.name == name } }
        guard !names.isEmpty else { return [] }
        let held: [String: HeldValue]
        let writer = try writer(target, of: deployment)
        do {
            held = try writer.held(names)?.values ?? [:]
        } catch {
            throw .delivery(error)
        }
        return try store.read { snapshot throws(VaultError) in
            var abandoned: [String] = []
            for name in names {
                guard case .value(let value)? = held[name] else { continue }
                let isKnown = try !snapshot.holders(of: snapshot.fingerprint(of: value)).isEmpty
                guard isKnown || variables.contains(where: { !$0.isSecret && $0.value == value }),
                    try TargetConflicts.problem(writing: [name], to: target.path, besides: deployment, snapshot) == nil
                else { continue }
                abandoned.append(name)
            }
            return abandoned
        }
    }
}
