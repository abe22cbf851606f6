import FlyingFox
import Foundation

/// A bearer token from the `Authorization` header; exactly `Bearer <token>`.
enum BearerToken {
    static func of(_ request: HTTPRequest) -> String? {
        guard let header = request.headers[.authorization], header.hasPrefix("Bearer ") else { return nil }
        return String(header.dropFirst("Bearer ".count))
    }
}

/// The common shape of hosting APIs: `GET /v1/account` with scopes, `POST /v1/tokens` for another token of the same
/// account, `DELETE /v1/tokens/current` to end the one that is used.
struct BearerHandler {
    let registrar: Registrar

    func answer(_ request: HTTPRequest, environment: String, address: String) async -> HTTPResponse {
        let token = BearerToken.of(request)
        switch await registrar.judge(token, provider: .bearer, environment: environment, address: address) {
        case .accepted(let account):
            if request.method == .POST, request.path.hasSuffix("/v1/tokens") {
                return await issue(account, environment)
            }
            if request.method == .DELETE, request.path.hasSuffix("/v1/tokens/current"), let token {
                _ = await registrar.revoke(token)
                return Reply.empty(204)
            }
            guard request.path.hasSuffix("/v1/account") else {
                return Reply.json(#"{"message":"Not found"}"#, status: 404)
            }
            return Reply.json(
                #"{"account":{"id":"\#(account.id)","balance":"\#(account.balance)","currency":"\#(account.currency)"}}"#
            )
        case .refused: return Reply.json(#"{"message":"Unauthenticated"}"#, status: 401)
        case .scopeMissing:
            return Reply.json(#"{"message":"The scope account:read is missing"}"#, status: 403)
        case .addressNotAllowed:
            return Reply.json(#"{"message":"Your address may not use this token"}"#, status: 403)
        }
    }
}

extension BearerHandler {
    private func issue(_ account: Registrar.Account, _ environment: String) async -> HTTPResponse {
        let key = await registrar.issueKey(
            account: account.id, environment: environment, lifetime: 90 * 86_400, mayReadAccount: true)
        guard let key, let expires = key.expires else { return Reply.json(#"{"message":"Not found"}"#, status: 404) }
        return Reply.json(
            #"{"token":"\#(key.value)","expires_at":"\#(expires.formatted(.iso8601))"}"#, status: 201)
    }
}

/// 101domain: the balance is at one of two paths, depending on the account's age.
struct OneOhOneDomainHandler {
    let registrar: Registrar

    func answer(_ request: HTTPRequest, address: String) async -> HTTPResponse {
        guard request.path.hasSuffix("/v1/finance/balance") else {
            return Reply.json(
                #"{"status":"error","code":"NOT_FOUND","message":"Not found","errors":null}"#, status: 404)
        }
        switch await registrar.judge(
            BearerToken.of(request), provider: .oneOhOneDomain, environment: "live", address: address)
        {
        case .accepted(let account):
            return Reply.json(
                #"{"status":"success","code":"OK","message":"","data":{"amount_due":"0.00","credit_balance":"\#(account.balance)","currency":"\#(account.currency)"}}"#
            )
        case .refused, .addressNotAllowed:
            return Reply.json(
                #"{"status":"error","code":"UNAUTHORIZED","message":"Bearer token is missing, invalid, or expired.","errors":null}"#,
                status: 401)
        case .scopeMissing:
            return Reply.json(
                #"{"status":"error","code":"INSUFFICIENT_PERMISSIONS","message":"account:read is required","errors":null}"#,
                status: 403)
        }
    }
}
