import FlyingFox
import Foundation

/// Domain Name API's REST protocol: `X-API-KEY` and `__reseller`, one live and one test key for each account.
struct DomainNameAPIHandler {
    let registrar: Registrar

    /// - Parameter isBulk: the `/api-bulk` path, one request a second for each key.
    func answer(_ request: HTTPRequest, environment: String, isBulk: Bool, address: String) async -> HTTPResponse {
        guard request.path.hasSuffix("/deposit/accounts/me") else { return Reply.empty(404) }
        guard let reseller = request.headers[HTTPHeader("__reseller")], !reseller.isEmpty else {
            return Reply.redirect(to: "/Account/Login")
        }
        let key = request.headers[HTTPHeader("X-API-KEY")]
        if isBulk, let key, await !registrar.mayAskInBulk(key) { return Reply.empty(429) }
        switch await registrar.judge(key, provider: .domainnameapi, environment: environment, address: address) {
        case .accepted(let account) where account.id == reseller:
            return Reply.json(
                #"{"resellerId":"\#(account.id)","resellerName":"Rehearsal","usdBalance":\#(account.balance),"tryBalance":0.0}"#
            )
        case .accepted, .refused, .scopeMissing:
            return Reply.text("Unauthorized", status: 401)
        case .addressNotAllowed:
            // No distinct code is documented: the pair is right and the answer is still 401.
            return Reply.text("Unauthorized", status: 401)
        }
    }
}
