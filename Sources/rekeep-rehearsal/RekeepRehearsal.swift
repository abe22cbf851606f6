import ArgumentParser
import FlyingFox
import FlyingSocks
import Foundation

@main
struct RekeepRehearsal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rekeep-rehearsal",
        abstract: "A registrar to rehearse against: real protocols, fake money, faults on demand.",
        discussion: """
            It listens on 127.0.0.1 alone and forgets everything when it ends. The first line on stdout is a JSON \
            object with its URL and one account for each provider, each with keys.

            EXAMPLE
              rekeep-rehearsal --port 8099
              rekeep add whmcs/live/domainnameapi --base-url http://127.0.0.1:8099/domainnameapi/live/api/v1
              curl -d '{"account":"<reseller id>"}' http://127.0.0.1:8099/admin/keys
            """)

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port: UInt16 = 0

    private struct Opening: Encodable {
        struct Keys: Encodable {
            let account: String
            let live: String?
            let test: String?
        }

        let url: String
        let accounts: [String: Keys]
    }

    func run() async throws {
        let registrar = Registrar()
        let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: port), timeout: 7200, logger: .disabled)
        await server.appendRoute("*") { try await Self.answer($0, registrar) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await server.waitUntilListening()
            guard case .ip4(_, let port)? = await server.listeningAddress else { throw ExitCode.failure }
            try await announce(port, registrar)
            try await group.waitForAll()
        }
    }

    private func announce(_ port: UInt16, _ registrar: Registrar) async throws {
        var accounts: [String: Opening.Keys] = [:]
        for provider in Registrar.Provider.allCases {
            let account = await registrar.addAccount(provider, id: nil, balance: "100.00", currency: "USD", allowed: [])
            let live = await registrar.issueKey(
                account: account.id, environment: "live", lifetime: nil, mayReadAccount: true)
            let test =
                provider == .oneOhOneDomain
                ? nil
                : await registrar.issueKey(
                    account: account.id, environment: "test", lifetime: nil, mayReadAccount: true)
            accounts[provider.rawValue] = Opening.Keys(account: account.id, live: live?.value, test: test?.value)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = try encoder.encode(Opening(url: "http://127.0.0.1:\(port)", accounts: accounts))
        FileHandle.standardOutput.write(line + Data("\n".utf8))
    }

    /// `/PROVIDER/ENVIRONMENT/…`; 101domain has no test environment.
    private static func answer(_ request: HTTPRequest, _ registrar: Registrar) async throws -> HTTPResponse {
        let parts = request.path.split(separator: "/")
        let arrival = ContinuousClock.now
        guard let first = parts.first else { return Reply.empty(404) }
        if first == "admin" { return await AdminHandler(registrar: registrar).answer(request) }
        guard let provider = Registrar.Provider(rawValue: String(first)) else { return Reply.empty(404) }
        let environment = provider == .oneOhOneDomain ? "live" : parts.dropFirst().first.map(String.init) ?? "live"
        await registrar.count(arrival, provider, environment)
        if await registrar.isBanned(provider, environment) {
            return Reply.html("<html>You have been blocked</html>", status: 403)
        }
        let fault = await registrar.fault(provider, environment)
        if let wrong = try await fault.answer() { return wrong }
        let reply = await desk(provider, request, environment, registrar)
        try await Task.sleep(for: .milliseconds(fault.answerDelay))
        return reply
    }

    private static func desk(
        _ provider: Registrar.Provider, _ request: HTTPRequest, _ environment: String, _ registrar: Registrar
    ) async -> HTTPResponse {
        let address = "127.0.0.1"
        switch provider {
        case .domainnameapi:
            return await DomainNameAPIHandler(registrar: registrar).answer(
                request, environment: environment,
                isBulk: request.path.split(separator: "/").dropFirst(2).first == "api-bulk",
                address: address)
        case .oneOhOneDomain:
            return await OneOhOneDomainHandler(registrar: registrar).answer(request, address: address)
        case .bearer:
            return await BearerHandler(registrar: registrar).answer(request, environment: environment, address: address)
        }
    }
}
