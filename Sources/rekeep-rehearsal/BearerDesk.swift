import FlyingFox
import Foundation

/// A bearer token from the `Authorization` header; exactly `Bearer <token>`.
enum BearerToken {
    static func of(_ request: HTTPRequest) -> String? {
        guard let header = request.headers[.authorization], header.hasPrefix("Bearer ") else { return nil }
        return String(header.dropFirst("Bearer ".count))
    }
}

/// The common shape of hosting APIs: `GET /v1/account` with scopes.
struct BearerDesk {
    let registrar: Registrar

    func answer(_ request: HTTPRequest, environment: String, address: String) async -> HTTPResponse {
        guard request.path.hasSuffix("/v1/account") else { return Reply.json(#"{"message":"Not found"}"#, status: 404) }
        switch await registrar.judge(
            BearerToken.of(request), provider: .bearer, environment: environment, address: address)
        {
        case .accepted(let account):
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

/// 101domain: the balance is at one of two paths, depending on the account's age.
struct OneOhOneDomainDesk {
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
