import FlyingFox
import Foundation

/// What a person would do in the provider's panel, as requests: `POST /admin/…` with a JSON object.
struct AdminHandler {
    let registrar: Registrar

    private struct AccountRequest: Decodable {
        let provider: Registrar.Provider
        let id: String?
        let balance: String?
        let currency: String?
        let allowed: [String]?
    }

    private struct KeyRequest: Decodable {
        let account: String
        let environment: String?
        /// Days.
        let lifetime: Double?
        let scopes: [String]?
    }

    private struct RevokeRequest: Decodable {
        let key: String
    }

    private struct FaultRequest: Decodable {
        let provider: Registrar.Provider
        let environment: String?
        let fault: Fault
    }

    private struct State: Encodable {
        let accounts: [Registrar.Account]
        let keys: [Registrar.Key]
        let requests: Int
        let wrongAttempts: Int
        let mostPerSecond: [String: Int]
    }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        do {
            switch request.path {
            case "/admin/state":
                return Reply.json(
                    State(
                        accounts: Array(await registrar.accounts.values), keys: Array(await registrar.keys.values),
                        requests: await registrar.requests, wrongAttempts: await registrar.wrongAttempts,
                        mostPerSecond: await registrar.mostPerSecond))
            case "/admin/accounts":
                let wanted: AccountRequest = try await decode(request)
                return Reply.json(
                    await registrar.addAccount(
                        wanted.provider, id: wanted.id, balance: wanted.balance ?? "100.00",
                        currency: wanted.currency ?? "USD", allowed: wanted.allowed ?? []))
            case "/admin/keys":
                let wanted: KeyRequest = try await decode(request)
                guard
                    let key = await registrar.issueKey(
                        account: wanted.account, environment: wanted.environment ?? "live",
                        lifetime: wanted.lifetime.map { $0 * 86_400 },
                        mayReadAccount: wanted.scopes?.contains("account:read") ?? true)
                else { return Reply.text("no such account", status: 404) }
                return Reply.json(key)
            case "/admin/revoke":
                let wanted: RevokeRequest = try await decode(request)
                return await registrar.revoke(wanted.key) ? Reply.json("{}") : Reply.text("no such key", status: 404)
            case "/admin/faults":
                let wanted: FaultRequest = try await decode(request)
                await registrar.setFault(
                    wanted.fault, provider: wanted.provider, environment: wanted.environment ?? "live")
                return Reply.json("{}")
            default: return Reply.text("no such admin request", status: 404)
            }
        } catch {
            return Reply.text("the body is not the JSON object that this request takes", status: 400)
        }
    }

    private func decode<Body: Decodable>(_ request: HTTPRequest) async throws -> Body {
        try JSONDecoder().decode(Body.self, from: await request.bodyData)
    }
}
