public import Credentials
internal import Delivery
internal import Providers
public import Sealing
internal import Vault

/// What is to be stored with `add`.
public struct AddRequest: Sendable {
    public let address: Address
    public let terms: Terms
    public let hasOwnBaseURL: Bool
    /// Pasted values by field name.
    public let values: [String: SecretBytes]
    /// False: store unproved.
    public let checks: Bool
    public let proof: ProofOptions
    public let prefix: String?
    public let maxAge: Span?
    public let expires: Timestamp?
    public let note: String
    public let account: String

    public init(
        address: Address, terms: Terms, hasOwnBaseURL: Bool, values: [String: SecretBytes], checks: Bool,
        proof: ProofOptions, prefix: String?, maxAge: Span?, expires: Timestamp?, note: String,
        account: String
    ) {
        self.address = address
        self.terms = terms
        self.hasOwnBaseURL = hasOwnBaseURL
        self.values = values
        self.checks = checks
        self.proof = proof
        self.prefix = prefix
        self.maxAge = maxAge
        self.expires = expires
        self.note = note
        self.account = account
    }
}

/// What came of an `add`.
public struct AddReport: Sendable {
    public let credential: Credential
    public let address: Address
    /// Nil when it was stored unproved.
    public let check: Check?
}

extension Keeper {
    /// Stores a credential after the provider has accepted it.
    public func add(_ request: AddRequest) async throws(OperationError) -> AddReport {
        let terms = request.terms
        let address = request.address
        let environment = address.deployment.environment
        try checkExpiry(request.expires, terms)
        do {
            try Recognition.judge(request.values, fields: terms.fields, known: [:])
        } catch {
            throw .hygiene(error)
        }
        let intake = try Intake(request.values, fields: terms.fields)
        request.proof.tellRemovals(intake, terms)
        try refuseKnown(intake.secrets(terms), provider: address.provider, environment: environment)
        var credential = Credential(
            id: .random(), provider: address.provider, environment: environment, terms: terms,
            hasOwnBaseURL: request.hasOwnBaseURL, bindings: [Binding(address: address, prefix: request.prefix)],
            versions: [
                Version(
                    number: 1, state: .current, createdAt: now(), activatedAt: now(), expiresAt: request.expires,
                    plain: intake.plain(terms), fingerprints: [:])
            ], maxAge: request.maxAge, note: request.note, account: request.account)
        try checkNames(adding: credential, at: address)
        if try read({ snapshot throws(VaultError) in try snapshot.hasAddress(address) }) {
            throw .vault(.addressTaken(address))
        }
        var expires: Timestamp?
        if request.checks {
            if let spent = try spentAttempts(terms) { throw spent }
            let reply = try await prove(credential, intake.values)
            credential.lastCheck = reply.check
            expires = reply.expires
            _ = try await control(credential, intake.values, isWanted: request.proof.controls)
        }
        if let check = credential.lastCheck {
            credential.update(version: 1) {
                $0.provedAt = check.at
                $0.identity = check.identity
                $0.expiresAt = $0.expiresAt ?? expires
            }
        }
        let stored = try write { transaction throws(VaultError) in
            var credential = credential
            for (field, value) in intake.secrets(terms) {
                let fingerprint = try transaction.put(secret: value, field: field, version: 1, of: credential.id)
                credential.update(version: 1) { $0.fingerprints[field] = fingerprint }
            }
            try transaction.put(credential)
            try transaction.log(entry("add", address.description, credential.lastCheck == nil ? "unproved" : "ok"))
            return credential
        }
        return AddReport(credential: stored, address: address, check: stored.lastCheck)
    }

    /// One balance call that has to end well.
    private func prove(_ credential: Credential, _ values: [String: SecretBytes]) async throws(OperationError) -> Reply
    {
        guard let reply = try await steadyCall([Trial(credential: credential, version: 1, values: values)]).first else {
            throw .courierSilent
        }
        try Self.require(reply.check, for: credential, plain: values, recorded: nil)
        return reply
    }

    /// - Throws: `refused`, `indeterminate` or `identityDiffers` unless the check blesses the key.
    static func require(
        _ check: Check, for credential: Credential, plain values: [String: SecretBytes], recorded: String?
    ) throws(OperationError) {
        guard check.outcome == .ok else {
            throw check.outcome.isIndeterminate ? .indeterminate(check) : .refused(check)
        }
        guard let found = check.identity else {
            // An account that was named before and is not named now proves nothing.
            if let recorded { throw .identityDiffers(expected: recorded, found: "") }
            return
        }
        let user = credential.terms.plainFields.first { $0.role == .user }
        let own = user.flatMap { values[$0.name] }.map { $0.withBytes { String(decoding: $0, as: UTF8.self) } }
        for expected in [own, recorded] {
            if let expected, expected.lowercased() != found.lowercased() {
                throw .identityDiffers(expected: expected, found: found)
            }
        }
    }

    public func checkExpiry(_ expires: Timestamp?, _ terms: Terms) throws(OperationError) {
        guard let expires else { return }
        guard expires > now() else { throw .expiryPassed(expires) }
        // A day of grace for calendars that differ.
        if let lifetime = terms.lifetime, expires - now() > Span(seconds: lifetime.seconds + 86_400) {
            throw .expiryBeyondLifetime(lifetime)
        }
    }

    /// Refuses a binding whose variables would meet those of a neighbour in the same deployment.
    func checkNames(adding credential: Credential, at address: Address) throws(OperationError) {
        let problem = try read { snapshot throws(VaultError) in
            try Self.namesProblem(adding: credential, at: address, snapshot)
        }
        if let problem { throw .delivery(problem) }
    }

    /// What is wrong with the names that `credential` would use at `address`; nil when nothing is.
    static func namesProblem(
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
            if let problem = try Self.fileProblem(target.path, Set(names), besides: address.deployment, snapshot) {
                return problem
            }
        }
        return nil
    }
}
