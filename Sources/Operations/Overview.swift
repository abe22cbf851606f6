public import Credentials
internal import Sealing
internal import Vault

/// One line of `status`.
public struct StatusReport: Sendable {
    /// The address of this line; a credential has a line for each of its addresses.
    public let address: Address
    /// Without secret values.
    public let credential: Credential
    /// The current version.
    public let version: Version
    /// Since the version became current; nil when that is not known.
    public let age: Span?
    /// The credential's own, else that of the policy for the address, else the profile's.
    public let maxAge: Span
    /// When the age reaches its limit.
    public let dueAt: Timestamp?
    /// In the order in which `Flag` lists them; empty when nothing has to be looked at.
    public let flags: [Flag]
    /// When status was asked for.
    let askedAt: Timestamp
    /// A rotation that is not over.
    public let rotation: Rotation?
    /// Another credential whose current key is an old one of this.
    public let oldKeyUser: Address?

    /// What the last check said of the current version; nil when it was of another one, or never made.
    public var currentCheck: Check? { credential.lastCheck(of: version.number) }

    /// Not older than a day.
    public func isRecent(_ check: Check) -> Bool { askedAt - check.at <= .days(1) && check.at <= askedAt }

    /// Kept versions that were accepted when, or after, the current one was refused: one of them can come back.
    public var accepted: [Version] {
        guard let check = currentCheck, check.outcome.isRefusal else { return [] }
        return credential.kept.filter { $0.isThoughtAlive && $0.provedAt.map { $0 >= check.at } ?? false }
    }
}

/// A credential that is to be rotated, and the first of its addresses that was asked for.
public struct RotationCandidate: Sendable {
    /// It fits the patterns.
    public let address: Address
    /// As it is stored when the list is made.
    public let credential: Credential
}

/// Ages, limits and flags of what is stored. No secret is decrypted.
public struct Overview {
    let store: VaultStore

    /// Each credential that fits, once, however many addresses it is bound to; sorted by address.
    /// - Parameter onlyDue: those whose key is due, overdue, expiring, expired or retired.
    public func rotationCandidates(
        _ patterns: [Pattern], onlyDue: Bool
    ) throws(OperationError) -> [RotationCandidate] {
        var seen: Set<CredentialID> = []
        let wanted: [Flag] = [.due, .overdue, .expiring, .expired, .retired]
        return try status(patterns).compactMap { report in
            guard !onlyDue || report.flags.contains(where: wanted.contains),
                seen.insert(report.credential.id).inserted
            else { return nil }
            return RotationCandidate(address: report.address, credential: report.credential)
        }
    }

    /// Ages, limits and flags of everything that fits, sorted by address. No secret is decrypted.
    public func status(_ patterns: [Pattern]) throws(OperationError) -> [StatusReport] {
        let time = store.now()
        let survey = try store.read { snapshot throws(VaultError) in try Survey(snapshot) }
        var reports: [StatusReport] = []
        reports.reserveCapacity(survey.credentials.count)
        for credential in survey.credentials {
            guard let current = credential.current else { continue }
            for address in credential.addresses where patterns.match(address) {
                let maxAge =
                    credential.maxAge ?? survey.policies.rule(for: address)?.maxAge ?? credential.terms.maxAge
                let age = current.activatedAt.map { time - $0 }
                var flags = Self.ageFlags(age, maxAge, current, time)
                flags += survey.flags(of: credential, current: current, at: address, time)
                reports.append(
                    StatusReport(
                        address: address, credential: credential, version: current, age: age, maxAge: maxAge,
                        dueAt: current.activatedAt.map { $0 + maxAge },
                        flags: Flag.allCases.filter(flags.contains), askedAt: time,
                        rotation: survey.openRotation(of: credential), oldKeyUser: survey.oldKeyUser(of: credential)))
            }
        }
        guard patterns.isEmpty || !reports.isEmpty else { throw .nothingMatches(patterns) }
        return reports.sorted { $0.address < $1.address }
    }

    private static func ageFlags(_ age: Span?, _ maxAge: Span, _ version: Version, _ time: Timestamp) -> [Flag] {
        var flags: [Flag] = []
        if let age {
            if age > maxAge {
                flags.append(.overdue)
            } else if age.seconds * 4 >= maxAge.seconds * 3 {
                flags.append(.due)
            }
        }
        if let expires = version.expiresAt {
            if expires <= time {
                flags.append(.expired)
            } else if expires - time <= .days(14) {
                flags.append(.expiring)
            }
        }
        if version.provedAt.map({ time - $0 > .days(30) }) ?? true { flags.append(.unproved) }
        return flags
    }
}

/// What has to be known of the whole vault before any one credential can be flagged.
private struct Survey {
    private(set) var credentials: [Credential] = []
    private(set) var policies: [Policy]
    private var openRotations: [CredentialID: Rotation] = [:]
    private var targets: [Deployment: [Target]] = [:]
    private var environments: [Fingerprint: Holder] = [:]
    /// Keys that were current and are not any more, by the credential in which they were replaced.
    private var replaced: [Fingerprint: CredentialID] = [:]

    /// Who uses a secret: the first credential seen, and whether another one does too.
    private struct Holder {
        let credential: CredentialID
        let address: Address?
        var isShared = false
    }

    init(_ snapshot: Snapshot) throws(VaultError) {
        policies = try snapshot.policies()
        var rotations: [CredentialID: Rotation] = [:]
        try snapshot.forEachRotation { if !$0.state.isOver { rotations[$0.credential] = $0 } }
        var targets: [Deployment: [Target]] = [:]
        try snapshot.forEachDeployment { if !$0.targets.isEmpty { targets[$0.deployment] = $0.targets } }
        var credentials: [Credential] = []
        var holders: [Fingerprint: Holder] = [:]
        var replaced: [Fingerprint: CredentialID] = [:]
        try snapshot.forEachCredential { credential in
            credentials.append(credential)
            for version in credential.versions where version.state != .current && version.activatedAt != nil {
                for fingerprint in version.fingerprints.values { replaced[fingerprint] = credential.id }
            }
            for fingerprint in credential.current?.fingerprints.values ?? [] {
                if let holder = holders[fingerprint] {
                    if holder.credential != credential.id { holders[fingerprint]?.isShared = true }
                } else {
                    holders[fingerprint] = Holder(credential: credential.id, address: credential.addresses.first)
                }
            }
        }
        openRotations = rotations
        self.targets = targets
        self.credentials = credentials
        environments = holders
        self.replaced = replaced
    }

    func flags(of credential: Credential, current: Version, at address: Address, _ time: Timestamp) -> [Flag] {
        var flags: [Flag] = []
        flags += Self.keyFlags(openRotations[credential.id], credential.previous, time)
        let own = targets[address.deployment] ?? []
        if current.isRetired { flags.append(.retired) }
        if credential.lastCheck(of: current.number)?.outcome.isRefusal == true { flags.append(.refused) }
        if current.fingerprints.values.contains(where: { replaced[$0].map { $0 != credential.id } ?? false }) {
            flags.append(.replaced)
        }
        if own.isEmpty { flags.append(.unused) }
        if own.contains(where: {
            $0.delivery.versions[credential.id] != current.number || $0.delivery.isHookDue || $0.delivery.problem != nil
        }) {
            flags.append(.drift)
        }
        if current.fingerprints.values.contains(where: { environments[$0]?.isShared == true }) { flags.append(.shared) }
        return flags
    }

    func oldKeyUser(of credential: Credential) -> Address? {
        for fingerprint in credential.previous.flatMap(\.fingerprints.values) {
            if let holder = environments[fingerprint], holder.credential != credential.id { return holder.address }
        }
        return nil
    }

    func openRotation(of credential: Credential) -> Rotation? { openRotations[credential.id] }

    /// What the rotation, and the keys that are not current any more, want somebody to look at.
    private static func keyFlags(_ rotation: Rotation?, _ previous: [Version], _ time: Timestamp) -> [Flag] {
        let isAlive = previous.contains(where: \.isThoughtAlive)
        guard let rotation else { return isAlive ? [.oldKeyAlive] : [] }
        if rotation.state.isUnfinished { return [.pending] }
        switch rotation.state {
        case .grace:
            guard let end = rotation.graceUntil, end <= time else { return [] }
            return [isAlive ? .oldKeyAlive : .pending]
        case .retiring:
            if isAlive, rotation.oldKey?.outcome == .ok { return [.oldKeyAlive] }
            // Long enough to see that nobody is about to erase the old key.
            let since = rotation.steps.last?.at ?? time
            return time - since < rotation.grace ? [] : [.pending]
        default: return []
        }
    }
}
