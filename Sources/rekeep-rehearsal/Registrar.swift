import Foundation

/// The registrar's books: accounts, their keys, and what it was told to do wrong. Money and keys are fake.
actor Registrar {
    enum Provider: String, Codable, CaseIterable {
        case domainnameapi
        case oneOhOneDomain = "101domain"
        case bearer

        /// Making a key ends the one before.
        var hasOneKey: Bool { self == .domainnameapi }
    }

    struct Account: Codable {
        let id: String
        let provider: Provider
        var balance: String
        var currency: String
        /// Addresses that may ask; empty: all.
        var allowedAddresses: [String]
    }

    struct Key: Codable {
        let value: String
        let account: String
        let provider: Provider
        let environment: String
        let activeFrom: Date
        let expires: Date?
        var isRevoked: Bool
        /// False where a bearer token lacks the scope `account:read`.
        let mayReadAccount: Bool
        var uses: Int
    }

    /// What the registrar thinks of a key.
    enum Verdict {
        case accepted(Account)
        case refused
        case scopeMissing
        case addressNotAllowed(Account)
    }

    private(set) var accounts: [String: Account] = [:]
    private(set) var keys: [String: Key] = [:]
    private(set) var faults: [String: Fault] = [:]
    private var lastBulkRequest: [String: Date] = [:]
    private(set) var requests = 0
    /// Requests with a key that is none, or none any more; one that is not live yet is no guess.
    private(set) var wrongAttempts = 0
    /// The largest number of requests within one second, by provider and environment.
    private(set) var mostPerSecond: [String: Int] = [:]
    private var arrivals: [String: [ContinuousClock.Instant]] = [:]
    private var wrongKeys: [String: Int] = [:]

    func addAccount(
        _ provider: Provider, id: String?, balance: String, currency: String, allowed: [String]
    ) -> Account {
        let id = id ?? (provider == .domainnameapi ? UUID().uuidString.lowercased() : "acct-\(accounts.count + 1)")
        let account = Account(
            id: id, provider: provider, balance: balance, currency: currency, allowedAddresses: allowed)
        accounts[id] = account
        return account
    }

    /// Makes a key; nil when there is no such account.
    func issueKey(
        account id: String, environment: String, lifetime: TimeInterval?, mayReadAccount: Bool
    ) -> Key? {
        guard let account = accounts[id] else { return nil }
        if account.provider.hasOneKey {
            for (value, key) in keys where key.account == id && key.environment == environment {
                keys[value]?.isRevoked = true
            }
        }
        let delay = fault(account.provider, environment).activationDelay
        let random = (0..<16).map { _ in "0123456789abcdef".randomElement() ?? "0" }
        let key = Key(
            value: "fake-\(environment)-\(String(random))", account: id, provider: account.provider,
            environment: environment, activeFrom: Date() + delay, expires: lifetime.map { Date() + $0 },
            isRevoked: false, mayReadAccount: mayReadAccount, uses: 0)
        keys[key.value] = key
        return key
    }

    /// False when there is no such key.
    func revoke(_ value: String) -> Bool {
        guard keys[value] != nil else { return false }
        keys[value]?.isRevoked = true
        return true
    }

    func setFault(_ fault: Fault, provider: Provider, environment: String) {
        faults[provider.rawValue + "/" + environment] = fault
    }

    func fault(_ provider: Provider, _ environment: String) -> Fault {
        faults[provider.rawValue + "/" + environment] ?? Fault()
    }

    func count(_ arrival: ContinuousClock.Instant, _ provider: Provider, _ environment: String) {
        requests += 1
        let name = provider.rawValue + "/" + environment
        let recent = (arrivals[name] ?? []).filter { arrival - $0 < .seconds(1) } + [arrival]
        arrivals[name] = recent
        mostPerSecond[name] = max(mostPerSecond[name] ?? 0, recent.count)
    }

    /// True when so many wrong keys were tried that nobody is answered any more.
    func isBanned(_ provider: Provider, _ environment: String) -> Bool {
        guard let most = fault(provider, environment).bansAfter else { return false }
        return (wrongKeys[provider.rawValue + "/" + environment] ?? 0) >= most
    }

    private func countWrong(_ key: Key?, _ provider: Provider, _ environment: String) {
        if let key, !key.isRevoked, key.expires.map({ $0 > Date() }) ?? true { return }
        wrongAttempts += 1
        wrongKeys[provider.rawValue + "/" + environment, default: 0] += 1
    }

    /// Looks a key up, as of now.
    func judge(_ value: String?, provider: Provider, environment: String, address: String) -> Verdict {
        if fault(provider, environment).acceptsAnything,
            let any = accounts.values.first(where: { $0.provider == provider })
        {
            return .accepted(any)
        }
        let known = value.flatMap { keys[$0] }
        guard let value, let key = known, key.provider == provider, key.environment == environment,
            !key.isRevoked, key.activeFrom <= Date(), key.expires.map({ $0 > Date() }) ?? true,
            let account = accounts[key.account]
        else {
            countWrong(known, provider, environment)
            return .refused
        }
        keys[value]?.uses += 1
        guard account.allowedAddresses.isEmpty || account.allowedAddresses.contains(address) else {
            return .addressNotAllowed(account)
        }
        return key.mayReadAccount ? .accepted(account) : .scopeMissing
    }

    /// The bulk path grants each key one request a second.
    func mayAskInBulk(_ value: String) -> Bool {
        defer { lastBulkRequest[value] = Date() }
        return lastBulkRequest[value].map { Date().timeIntervalSince($0) >= 1 } ?? true
    }
}
