internal import Credentials
public import Providers
public import Sealing
internal import Vault

/// Pasted values by field name, cleaned, with what was taken out of each.
public struct Intake: Sendable {
    /// Secret and plain values by field name; an optional field without a value is left out.
    public let values: [String: SecretBytes]
    /// By field name, for the fields of which something was taken out.
    public let removals: [String: [Hygiene.Removal]]

    /// Cleans the values and refuses what cannot be right.
    /// - Parameter kept: plain values that stay as they are when they are left out.
    init(
        _ pasted: [String: SecretBytes], fields: [Field], keeping kept: FieldMap<String> = [:]
    ) throws(OperationError) {
        for name in pasted.keys.sorted() where !fields.contains(where: { $0.name == name }) {
            throw .unknownField(name, known: fields.map(\.name))
        }
        var values: [String: SecretBytes] = [:]
        for (name, value) in kept.all { values[name] = SecretBytes(value.utf8) }
        var removals: [String: [Hygiene.Removal]] = [:]
        do {
            for field in fields {
                guard let value = pasted[field.name], value.count > 0 || !field.isOptional else { continue }
                let (cleaned, removed) = try Hygiene.clean(value, field: field)
                values[field.name] = cleaned
                if !removed.isEmpty { removals[field.name] = removed }
            }
        } catch {
            throw .hygiene(error)
        }
        for field in fields where values[field.name] == nil && !field.isOptional { throw .missingField(field) }
        do {
            try Hygiene.inspect(values, fields: fields)
        } catch {
            throw .hygiene(error)
        }
        self.values = values
        self.removals = removals
    }

    /// What a provider has issued.
    init(issued: [String: SecretBytes], keeping kept: FieldMap<String>) {
        var values = issued
        for (name, value) in kept.all { values[name] = SecretBytes(value.utf8) }
        self.values = values
        removals = [:]
    }

    func secrets(_ terms: Terms) -> [(field: String, value: SecretBytes)] {
        terms.secretFields.compactMap { field in values[field.name].map { (field.name, $0) } }
    }

    func plain(_ terms: Terms) -> FieldMap<String> {
        var result = FieldMap<String>()
        for field in terms.plainFields {
            if let value = values[field.name] {
                result[field.name] = value.withBytes { String(decoding: $0, as: UTF8.self) }
            }
        }
        return result
    }
}
