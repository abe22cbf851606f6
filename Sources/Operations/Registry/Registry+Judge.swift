public import Credentials
internal import Providers
public import Sealing
internal import Vault

/// What can be said of a new credential while it is being typed in.
extension Registry {
    /// Refuses an address that is taken already.
    public func confirmFree(_ address: Address) throws(OperationError) {
        if try store.read({ snapshot throws(VaultError) in try snapshot.hasAddress(address) }) {
            throw .vault(.addressTaken(address))
        }
    }

    /// Refuses one typed value, as `add` would in the end.
    /// - Parameter values: what was typed so far, by field name, this one with it.
    public func judge(
        _ field: Field, in values: [String: SecretBytes], _ terms: Terms, for address: Address
    ) throws(OperationError) {
        guard let value = values[field.name], value.count > 0 else {
            if field.isOptional { return }
            throw .missingField(field)
        }
        let cleaned: SecretBytes
        do throws(Hygiene.Refusal) {
            // The other fields are there to be named, when this is one of them.
            try Recognition.judge(field.isSecret ? values : [:], fields: terms.fields, known: [:])
            cleaned = try Hygiene.clean(value, field: field).0
            try Hygiene.inspect([field.name: cleaned], fields: terms.fields)
        } catch {
            throw .hygiene(error)
        }
        guard cleaned.count > 0 else { throw .missingField(field) }
        if field.isSecret {
            try store.refuseKnown(
                [(field.name, cleaned)], provider: address.provider, environment: address.deployment.environment)
        }
    }

    /// The address of another credential of the same provider and environment that has one of these secrets now.
    /// - Parameter values: as typed, by field name.
    public func holder(
        of values: [String: SecretBytes], _ terms: Terms, for address: Address
    ) throws(OperationError) -> Address? {
        let secrets = terms.secretFields.compactMap { field in
            values[field.name].flatMap { try? Hygiene.clean($0, field: field).0 }
        }
        return try store.read { snapshot throws(VaultError) in
            for secret in secrets {
                let fingerprint = snapshot.fingerprint(of: secret)
                for id in try snapshot.holders(of: fingerprint) {
                    let holder = try snapshot.credential(id)
                    if holder.provider == address.provider, holder.environment == address.deployment.environment,
                        holder.current?.fingerprints.values.contains(fingerprint) == true
                    {
                        return holder.addresses.first
                    }
                }
            }
            return nil
        }
    }
}
