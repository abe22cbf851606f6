public import Sealing

extension CourierQuestion<SecretBytes> {
    /// The question as one JSON line, built in locked memory.
    func line(id: Int) -> SecretBytes {
        var line = SecretWriter(capacity: 512)
        line.append(Array("{\"id\":\(id),\"ask\":\"\(kind.rawValue)\"".utf8))
        switch self {
        case .describe(let provider): if let provider { line.append(key: "provider", SecretBytes(provider.utf8)) }
        case .validate(let file, let content):
            line.append(key: "file", SecretBytes(file.utf8))
            line.append(key: "content", SecretBytes(content.utf8))
        case .balance(let call), .issue(let call), .revoke(let call): line.append(call)
        }
        line.append("}\n")
        return line.finish()
    }

    private var kind: QuestionKind {
        switch self {
        case .describe: .describe
        case .validate: .validate
        case .balance: .balance
        case .issue: .issue
        case .revoke: .revoke
        }
    }
}

extension SecretWriter {
    fileprivate mutating func append(_ call: ProviderCall<SecretBytes>) {
        append(key: "provider", SecretBytes(call.provider.utf8))
        append(key: "environment", SecretBytes(call.environment.utf8))
        append(key: "base_url", SecretBytes(call.baseURL.utf8))
        append(",\"fields\":{")
        for (index, field) in call.fields.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(json: SecretBytes(field.key.utf8))
            append(UInt8(ascii: ":"))
            append(json: field.value)
        }
        append("},\"secrets\":[")
        for (index, name) in call.secrets.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(json: SecretBytes(name.utf8))
        }
        append(UInt8(ascii: "]"))
    }

    fileprivate mutating func append(key: StaticString, _ value: SecretBytes) {
        append(",\"")
        append(key)
        append("\":")
        append(json: value)
    }

    /// Appends a secret as a JSON string (RFC 8259): the bytes themselves, with the two escapes that it needs.
    public mutating func append(json value: SecretBytes) {
        append(UInt8(ascii: "\""))
        value.withBytes { bytes in
            for byte in bytes {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    append(UInt8(ascii: "\\"))
                    append(byte)
                case 0..<0x20:
                    append("\\u00")
                    append(Hexadecimal.digit(byte >> 4))
                    append(Hexadecimal.digit(byte & 0xF))
                default: append(byte)
                }
            }
        }
        append(UInt8(ascii: "\""))
    }
}
