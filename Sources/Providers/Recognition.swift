public import Credentials
public import Sealing

/// What a pasted secret is, when it is not the secret.
public enum Recognition {
    /// Refuses pasted values that can be told to be something else. Nothing of them is kept.
    /// - Parameter known: the plain values that the credential has.
    public static func judge(
        _ pasted: [String: SecretBytes], fields: [Field], known: FieldMap<String>
    ) throws(Hygiene.Refusal) {
        for field in fields where field.isSecret {
            guard let value = pasted[field.name], let text = PastedLine(value) else { continue }
            for other in fields where !other.isSecret && other.role == .user {
                let plain = pasted[other.name] ?? known[other.name].map { SecretBytes($0.utf8) }
                if let plain, text.isSame(as: plain) { throw .isOtherField(field: field, other: other) }
                let pattern = field.pattern.flatMap(FieldPattern.init)
                // With the two exchanged, each is the other's: that has words of its own.
                if pattern == nil, let form = other.pattern.flatMap(FieldPattern.init), form.fits(text.bytes),
                    pasted[other.name].map(form.fits) ?? true
                {
                    throw .isOtherField(field: field, other: other)
                }
            }
            if let pattern = field.pattern.flatMap(FieldPattern.init), pattern.fits(text.bytes) { continue }
            if text.isEmail { throw .email(field: field) }
            if text.isURL { throw .isURL(field: field) }
            if text.isMasked { throw .isMasked(field: field) }
            if text.isAnswer || text.isLabel(of: field) { throw .isNoValue(field: field) }
            let parts = parts(text, fields, known)
            if !parts.isEmpty { throw .labelled(field: field, found: parts.map(\.field)) }
            if text.half != nil { throw .isDoubled(field: field) }
            if text.isCommand { throw .isCommand(field: field) }
        }
    }

    /// The values in a paste that has more than one: behind labels, such as `Reseller ID: … API key: …`, `API_KEY=…` or
    /// a JSON object; behind the user's own id and a colon; or twice the same.
    /// - Returns: by field name; nil when it is not such a paste.
    public static func takenApart(
        _ pasted: SecretBytes, of field: Field, fields: [Field], known: FieldMap<String>
    ) -> [String: SecretBytes]? {
        guard let text = PastedLine(pasted) else { return nil }
        var parts = parts(text, fields, known)
        if parts.isEmpty, !text.isMasked, let half = text.half { parts = [(field, half)] }
        return parts.isEmpty ? nil : Dictionary(parts.map { ($0.field.name, $0.value) }) { first, _ in first }
    }

    private static func parts(
        _ text: PastedLine, _ fields: [Field], _ known: FieldMap<String>
    ) -> [(field: Field, value: SecretBytes)] {
        for user in fields where !user.isSecret && user.role == .user {
            guard let key = fields.first(where: { $0.role == .key }),
                let own = known[user.name].map({ SecretBytes($0.utf8) }),
                let rest = text.behind(own)
            else { continue }
            return [(user, own), (key, rest)]
        }
        return text.labelled(fields)
    }
}
