public import Credentials
public import Delivery
internal import Providers
public import Sealing
internal import Vault

/// What is to be stored with `add`.
public struct AddRequest: Sendable {
    /// No other credential may be bound to it.
    public let address: Address
    /// The terms of the address's environment.
    public let terms: Terms
    /// True when the user gave the base URL; false when it is the profile's.
    public let hasOwnBaseURL: Bool
    /// Pasted values by field name.
    public let values: [String: SecretBytes]
    /// False: store unproved.
    public let checks: Bool
    /// How the key is proved, and who is told what was taken out of the values.
    public let proof: ProofOptions
    /// The first part of the variables' names; nil for the usual one.
    public let prefix: String?
    /// The age that the user set for this credential; nil when a policy or the profile decides.
    public let maxAge: Span?
    /// When the provider ends the key; nil when the user does not say.
    public let expires: Timestamp?
    /// The user's remark; empty when there is none.
    public let note: String
    /// The account that it belongs to, as its user knows it; empty when that was not said.
    public let account: String

    /// Nothing is checked before `add`.
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
    /// As it was stored.
    public let credential: Credential
    /// The address that it is bound to.
    public let address: Address
    /// Nil when it was stored unproved.
    public let check: Check?
    /// The fields whose values no `.env` file can hold, whoever reads it.
    public let unwritable: [(field: Field, reason: Unencodable)]
}

extension Registry {
    /// Stores a credential after the provider has accepted it.
    public func add(_ request: AddRequest) async throws(OperationError) -> AddReport {
        let terms = request.terms
        let address = request.address
        let environment = address.deployment.environment
        try terms.checkExpiry(request.expires, at: store.now())
        do {
            try Recognition.judge(request.values, fields: terms.fields, known: [:])
        } catch {
            throw .hygiene(error)
        }
        let intake = try Intake(request.values, fields: terms.fields)
        request.proof.tellRemovals(intake, terms)
        try store.refuseKnown(intake.secrets(terms), provider: address.provider, environment: environment)
        var credential = Credential(
            id: .random(), provider: address.provider, environment: environment, terms: terms,
            hasOwnBaseURL: request.hasOwnBaseURL, bindings: [Binding(address: address, prefix: request.prefix)],
            versions: [
                Version(
                    number: 1, state: .current, createdAt: store.now(), activatedAt: store.now(),
                    expiresAt: request.expires,
                    plain: intake.plain(terms), fingerprints: [:])
            ], maxAge: request.maxAge, note: request.note, account: request.account)
        let conflict = try store.read { snapshot throws(VaultError) in
            try TargetConflicts.problem(adding: credential, at: address, snapshot)
        }
        if let conflict { throw .delivery(conflict) }
        try confirmFree(address)
        var expires: Timestamp?
        if request.checks {
            if let spent = try prober.spentAttempts(terms) { throw spent }
            let reply = try await prove(credential, intake.values)
            credential.lastCheck = reply.check
            expires = reply.expires
            _ = try await prober.control(credential, intake.values, isWanted: request.proof.controls)
        }
        if let check = credential.lastCheck {
            credential.update(version: 1) {
                $0.provedAt = check.at
                $0.identity = check.identity
                $0.expiresAt = $0.expiresAt ?? expires
            }
        }
        let stored = try store.write { transaction throws(VaultError) in
            var credential = credential
            for (field, value) in intake.secrets(terms) {
                let fingerprint = try transaction.put(secret: value, field: field, version: 1, of: credential.id)
                credential.update(version: 1) { $0.fingerprints[field] = fingerprint }
            }
            try transaction.put(credential)
            try transaction.log(store.entry(.add, address.description, credential.lastCheck == nil ? .unproved : .done))
            return credential
        }
        let unwritable = terms.fields.compactMap { field in
            intake.values[field.name].flatMap(TargetFormats.refusal).map { (field: field, reason: $0) }
        }
        return AddReport(credential: stored, address: address, check: stored.lastCheck, unwritable: unwritable)
    }

    /// One balance call that has to end well.
    private func prove(_ credential: Credential, _ values: [String: SecretBytes]) async throws(OperationError)
        -> TrialResult
    {
        guard let reply = try await prober.steadyCall([Trial(credential: credential, version: 1, values: values)]).first
        else {
            throw .courierSilent
        }
        try Prober.require(reply.check, for: credential, plain: values, recorded: nil)
        return reply
    }
}
