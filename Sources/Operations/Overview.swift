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
    /// The credential's own, else that of the policy for the address, else the profile's.
    public let maxAge: Span
    /// In the order in which `Flag` lists them; empty when nothing has to be looked at.
    public let flags: [Flag]
    /// When status was asked for.
    let askedAt: Timestamp
    private let rarity: Rarity?

    /// What few credentials have, out of the way of a list of very many.
    private final class Rarity: Sendable {
        let rotation: Rotation?
        let oldKeyUser: Address?

        init(_ rotation: Rotation?, _ oldKeyUser: Address?) {
            self.rotation = rotation
            self.oldKeyUser = oldKeyUser
        }
    }

    fileprivate init(
        address: Address, credential: Credential, version: Version, maxAge: Span, flags: [Flag], askedAt: Timestamp,
        rotation: Rotation?, oldKeyUser: Address?
    ) {
        self.address = address
        self.credential = credential
        self.version = version
        self.maxAge = maxAge
        self.flags = flags
        self.askedAt = askedAt
        rarity = rotation == nil && oldKeyUser == nil ? nil : Rarity(rotation, oldKeyUser)
    }

    /// Since the version became current; nil when that is not known.
    public var age: Span? { version.activatedAt.map { askedAt - $0 } }

    /// When the age reaches its limit.
    public var dueAt: Timestamp? { version.activatedAt.map { $0 + maxAge } }

    /// A rotation that is not over.
    public var rotation: Rotation? { rarity?.rotation }

    /// Another credential whose current key is an old one of this.
    public var oldKeyUser: Address? { rarity?.oldKeyUser }

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
        let lastUse = store.vault.lastUse()
        let survey = try store.read { snapshot throws(VaultError) in try Survey(snapshot, lastUse: lastUse) }
        var lines: [(address: Address, credential: Int, place: Int)] = []
        lines.reserveCapacity(survey.credentials.count)
        for (index, credential) in survey.credentials.enumerated() {
            guard let place = credential.currentPlace else { continue }
            for binding in credential.bindings where patterns.match(binding.address) {
                lines.append((binding.address, index, place))
            }
        }
        guard patterns.isEmpty || !lines.isEmpty else { throw .nothingMatches(patterns) }
        return Address.order(lines.map(\.address)).map { index in
            let line = lines[index]
            return survey.report(of: survey.credentials[line.credential], line.place, at: line.address, time)
        }
    }
}

/// What has to be known of the whole vault before any one credential can be flagged.
private struct Survey {
    private(set) var credentials: [Credential] = []
    private(set) var policies: [Policy]
    private var openRotations: [CredentialID: Rotation] = [:]
    private var targets: [Deployment: [Target]] = [:]
    private var holders: [Fingerprint: Holder] = [:]
    /// Keys that were current and are not any more, by the credential in which they were replaced.
    private var replaced: [Fingerprint: CredentialID] = [:]

    /// Who uses a secret: the first credential seen, by its place, and whether another one does too.
    private struct Holder {
        let place: Int32
        var isShared = false
    }

    /// When a deployment was last read on this machine.
    private let lastUse: (Deployment) -> Timestamp?

    init(_ snapshot: Snapshot, lastUse: @escaping (Deployment) -> Timestamp?) throws(VaultError) {
        self.lastUse = lastUse
        policies = try snapshot.policies()
        try snapshot.forEachRotation { if !$0.state.isOver { openRotations[$0.credential] = $0 } }
        try snapshot.forEachDeployment { if !$0.targets.isEmpty { targets[$0.deployment] = $0.targets } }
        try snapshot.forEachCredential { credential in
            credentials.append(credential)
            for version in credential.versions where version.state != .current && version.activatedAt != nil {
                for (_, fingerprint) in version.fingerprints.all { replaced[fingerprint] = credential.id }
            }
            guard let current = credential.currentPlace else { return }
            for (_, fingerprint) in credential.versions[current].fingerprints.all {
                if let holder = holders[fingerprint] {
                    if credentials[Int(holder.place)].id != credential.id { holders[fingerprint]?.isShared = true }
                } else {
                    holders[fingerprint] = Holder(place: Int32(credentials.count - 1))
                }
            }
        }
    }

    func report(of credential: Credential, _ place: Int, at address: Address, _ time: Timestamp) -> StatusReport {
        let maxAge = policies.maxAge(of: credential, at: address)
        let current = credential.versions[place]
        let rotation = openRotations[credential.id]
        let key = Self.keyFlag(rotation, credential.previous, time)
        let fingerprints = current.fingerprints.all.lazy.map(\.value)
        let own = targets[address.deployment] ?? []
        // In the order in which they are shown.
        var flags: [Flag] = []
        func add(_ flag: Flag, if isSet: Bool) { if isSet { flags.append(flag) } }
        if let age = current.activatedAt.map({ time - $0 }) {
            add(.due, if: age <= maxAge && age.seconds * 4 >= maxAge.seconds * 3)
            add(.overdue, if: age > maxAge)
        }
        if let expires = current.expiresAt {
            add(.expiring, if: expires > time && expires - time <= .days(14))
            add(.expired, if: expires <= time)
        }
        add(.retired, if: current.isRetired)
        add(.refused, if: credential.lastCheck(of: current.number)?.outcome.isRefusal == true)
        add(.replaced, if: fingerprints.contains { replaced[$0].map { $0 != credential.id } ?? false })
        add(.unproved, if: current.provedAt.map { time - $0 > .days(30) } ?? true)
        add(.pending, if: key == .pending)
        add(.oldKeyAlive, if: key == .oldKeyAlive)
        add(.drift, if: own.contains { Self.isDrift($0.delivery, credential.id, current.number) })
        add(.shared, if: fingerprints.contains { holders[$0]?.isShared == true })
        add(.unused, if: own.isEmpty && lastUse(address.deployment).map { time - $0 > .days(30) } ?? true)
        return StatusReport(
            address: address, credential: credential, version: current, maxAge: maxAge, flags: flags, askedAt: time,
            rotation: rotation, oldKeyUser: oldKeyUser(of: credential))
    }

    private static func isDrift(_ delivery: DeliveryState, _ id: CredentialID, _ current: Int) -> Bool {
        delivery.versions[id] != current || delivery.isHookDue || delivery.problem != nil
    }

    private func oldKeyUser(of credential: Credential) -> Address? {
        for (_, fingerprint) in credential.previous.flatMap(\.fingerprints.all) {
            if let holder = holders[fingerprint].map({ credentials[Int($0.place)] }), holder.id != credential.id {
                return holder.bindings.first?.address
            }
        }
        return nil
    }

    /// What the rotation, and the keys that are not current any more, want somebody to look at.
    private static func keyFlag(_ rotation: Rotation?, _ previous: [Version], _ time: Timestamp) -> Flag? {
        let isAlive = previous.contains(where: \.isThoughtAlive)
        guard let rotation else { return isAlive ? .oldKeyAlive : nil }
        if rotation.state.isUnfinished { return .pending }
        switch rotation.state {
        case .grace:
            guard let end = rotation.graceUntil, end <= time else { return nil }
            return isAlive ? .oldKeyAlive : .pending
        case .retiring:
            if isAlive, rotation.oldKey?.outcome == .ok { return .oldKeyAlive }
            // Long enough to see that nobody is about to erase the old key.
            let since = rotation.steps.last?.at ?? time
            return time - since < rotation.grace ? nil : .pending
        default: return nil
        }
    }
}
