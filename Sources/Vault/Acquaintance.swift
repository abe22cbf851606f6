/// What is known beforehand of the vault that is to be opened, and where that is kept.
public struct Acquaintance: Sendable {
    /// Where a vault lies, as this machine remembers it.
    public enum Location: Hashable, Sendable {
        /// A copy on its way, which no place is remembered for.
        case nowhere
        /// A canonical path, and the path that was asked for: a linked directory may lead to another vault by now.
        case at(canonical: String, asked: String)

        /// A path to which no link leads.
        public static func at(_ path: String) -> Location { .at(canonical: path, asked: path) }
    }

    let stateDirectory: String
    let location: Location
    /// The vault that somebody named; nil for any.
    let expected: VaultPin?
    /// False: what this machine remembers is not asked, only whoever named a vault.
    let asksRecords: Bool
    let tell: @Sendable (VaultNotice) -> Void

    /// `tell` gets what does not keep the vault from being opened and must not go unsaid.
    public init(
        stateDirectory: String, location: Location, expected: VaultPin? = nil, asksRecords: Bool = true,
        tell: @escaping @Sendable (VaultNotice) -> Void = { _ in }
    ) {
        self.stateDirectory = stateDirectory
        self.location = location
        self.expected = expected
        self.asksRecords = asksRecords
        self.tell = tell
    }

    /// What came of comparing a vault with all that is known.
    struct Recognition {
        /// This machine remembers the vault.
        let isKnown: Bool
        /// Somebody named exactly this vault.
        let isNamed: Bool
        /// What it is not remembered by yet.
        let unremembered: [KnownVaults.Key]
    }

    /// - Throws: `exchanged`, `recordRefused`, `notAccessible`.
    func recognise(_ pin: VaultPin, openedBy opener: Opener) throws(VaultError) -> Recognition {
        func require(_ expected: [VaultPin], _ witness: Exchange.Witness) throws(VaultError) {
            guard expected.isEmpty || expected.contains(pin) else {
                throw .exchanged(Exchange(found: pin, expected: expected, witness: witness))
            }
        }
        let identity: Identity? = if case .identity(let identity) = opener { identity } else { nil }
        if let expected { try require([expected], .option) }
        if let identity { try require(identity.vaults, .identityFile) }
        let records = KnownVaults(directory: stateDirectory)
        var unremembered: [KnownVaults.Key] = []
        /// - Returns: true when the vault is on record there.
        func ask(
            _ key: KnownVaults.Key, _ witness: Exchange.Witness, mayBeNew: Bool = false
        ) throws(VaultError) -> Bool {
            let known = asksRecords ? try records.vaults(at: key) : []
            if !mayBeNew { try require(known, witness) }
            if !known.contains(pin) { unremembered.append(key) }
            return known.contains(pin)
        }
        var isKnown = false
        if case .at(let canonical, let asked) = location {
            // Each for itself: that one is known does not speak for the other.
            for path in canonical == asked ? [canonical] : [canonical, asked] {
                if try ask(.path(path), .path(path)) { isKnown = true }
            }
        }
        // Where the place knows the vault, an identity may be new to it.
        if let identity, try ask(.identity(publicKey: identity.pair.publicKey), .identity, mayBeNew: isKnown) {
            isKnown = true
        }
        return Recognition(
            isKnown: isKnown, isNamed: expected != nil || identity?.vaults.isEmpty == false,
            unremembered: unremembered)
    }
}
