internal import Credentials
internal import Sealing

extension Credential: Record {
    static let table = Table.credential

    func write(to writer: inout RecordWriter) {
        writer.put(id)
        writer.put(provider)
        writer.put(environment)
        terms.write(to: &writer)
        writer.put(hasOwnBaseURL)
        writer.put(list: bindings) {
            $0.put($1.address.description)
            $0.put($1.prefix)
        }
        writer.put(list: versions) { $1.write(to: &$0) }
        writer.put(maxAge)
        writer.put(note)
        writer.put(account)
        writer.put(lastCheck) { $1.write(to: &$0) }
    }

    init(reading reader: inout RecordReader) throws(MalformedRecord) {
        self.init(
            id: try reader.credentialID(), provider: try reader.text(), environment: try reader.text(),
            terms: try reader.terms { reader throws(MalformedRecord) in try Terms(reading: &reader) },
            hasOwnBaseURL: try reader.flag(),
            bindings: try reader.list { reader throws(MalformedRecord) in
                Binding(address: try reader.address(), prefix: try reader.optionalText())
            },
            versions: try reader.list { reader throws(MalformedRecord) in try Version(reading: &reader) },
            maxAge: try reader.optionalSpan(), note: try reader.text(),
            account: try reader.text(),
            lastCheck: try reader.optional { reader throws(MalformedRecord) in try Check(reading: &reader) })
        // Without an address it is what stays of a removed credential.
        guard !versions.isEmpty, !bindings.isEmpty || versions.allSatisfy(\.isRetired) else { throw MalformedRecord() }
    }
}

extension Terms {
    fileprivate func write(to writer: inout RecordWriter) {
        writer.put(label)
        writer.put(list: fields) {
            $0.put($1.name)
            $0.put($1.label)
            $0.put($1.isSecret)
            $0.put($1.isOptional)
            $0.put($1.role.rawValue)
            $0.put($1.pattern)
            $0.put($1.variable)
        }
        writer.put(baseURL)
        writer.put(isTest)
        writer.put(variablePrefix)
        writer.put(mode.rawValue)
        writer.put(maxAge)
        writer.put(lifetime)
        writer.put(activationWindow)
        writer.put(allowsControl)
        writer.put(list: deadWhen) { $0.put($1.rawValue) }
        writer.put(attempts.most)
        writer.put(attempts.per)
        writer.put(panelPath)
    }

    fileprivate convenience init(reading reader: inout RecordReader) throws(MalformedRecord) {
        self.init(
            label: try reader.text(),
            fields: try reader.list { reader throws(MalformedRecord) in
                let name = try reader.text()
                let label = try reader.text()
                let isSecret = try reader.flag()
                let isOptional = try reader.flag()
                guard let role = Field.Role(rawValue: try reader.byte()) else { throw MalformedRecord() }
                return Field(
                    name: name, label: label, isSecret: isSecret, isOptional: isOptional, role: role,
                    pattern: try reader.optionalText(), variable: try reader.optionalText())
            },
            baseURL: try reader.text(), isTest: try reader.flag(), variablePrefix: try reader.text(),
            mode: try reader.mode(),
            maxAge: try reader.span(), lifetime: try reader.optionalSpan(), activationWindow: try reader.span(),
            allowsControl: try reader.flag(),
            deadWhen: try reader.list { reader throws(MalformedRecord) in try reader.outcome() },
            attempts: AttemptBudget(most: try reader.integer(), per: try reader.span()), panelPath: try reader.text())
    }
}

extension Version {
    fileprivate func write(to writer: inout RecordWriter) {
        writer.put(number)
        writer.put(state.rawValue)
        writer.put(createdAt)
        writer.put(activatedAt)
        writer.put(provedAt)
        writer.put(expiresAt)
        writer.put(retiredAt)
        writer.put(refusedAt)
        writer.put(refusals)
        writer.put(identity)
        writer.put(list: plain.all) {
            $0.put($1.name)
            $0.put($1.value)
        }
        writer.put(list: fingerprints.all) {
            $0.put($1.name)
            $0.put($1.value)
        }
    }

    fileprivate init(reading reader: inout RecordReader) throws(MalformedRecord) {
        let number = try reader.integer()
        guard let state = State(rawValue: try reader.byte()) else { throw MalformedRecord() }
        self.init(
            number: number, state: state, createdAt: try reader.time(), activatedAt: try reader.optionalTime(),
            provedAt: try reader.optionalTime(), expiresAt: try reader.optionalTime(),
            retiredAt: try reader.optionalTime(), refusedAt: try reader.optionalTime(),
            refusals: try reader.integer(), identity: try reader.optionalText(),
            plain: try reader.fieldMap { reader throws(MalformedRecord) in try reader.text() },
            fingerprints: try reader.fieldMap { reader throws(MalformedRecord) in try reader.fingerprint() })
    }
}

extension Check {
    fileprivate func write(to writer: inout RecordWriter) {
        writer.put(outcome.rawValue)
        writer.put(at)
        writer.put(version)
        writer.put(list: balances) {
            $0.put($1.amount)
            $0.put($1.currency)
        }
        writer.put(identity)
        writer.put(latency) { $0.put($1) }
        writer.put(status) { $0.put($1) }
        writer.put(cause) { $0.put($1.rawValue) }
        writer.put(providerText)
        writer.put(retryAfter)
    }

    fileprivate init(reading reader: inout RecordReader) throws(MalformedRecord) {
        guard let outcome = Outcome(rawValue: try reader.byte()) else { throw MalformedRecord() }
        self.init(
            outcome: outcome, at: try reader.time(), version: try reader.integer(),
            balances: try reader.list { reader throws(MalformedRecord) in
                guard let money = Money(amount: try reader.text(), currency: try reader.optionalText()) else {
                    throw MalformedRecord()
                }
                return money
            },
            identity: try reader.optionalText(),
            latency: try reader.optional { reader throws(MalformedRecord) in try reader.integer() },
            status: try reader.optional { reader throws(MalformedRecord) in try reader.integer() },
            cause: try reader.optional { reader throws(MalformedRecord) in
                guard let cause = Check.Cause(rawValue: try reader.byte()) else { throw MalformedRecord() }
                return cause
            },
            providerText: try reader.optionalText(), retryAfter: try reader.optionalSpan())
    }
}

extension RecordReader {
    mutating func mode() throws(MalformedRecord) -> Terms.Mode {
        guard let mode = Terms.Mode(rawValue: try byte()) else { throw MalformedRecord() }
        return mode
    }

    fileprivate mutating func fieldMap<Value>(
        _ read: (inout RecordReader) throws(MalformedRecord) -> Value
    ) throws(MalformedRecord) -> FieldMap<Value> {
        var result = FieldMap<Value>()
        for _ in 0..<(try number(UInt32.self)) {
            let name = try text()
            guard result[name] == nil else { throw MalformedRecord() }
            result[name] = try read(&self)
        }
        return result
    }
}
