import Foundation
import Subprocess
import SystemPackage
import Testing

/// The rehearsal registrar, running for as long as the value lives.
final class Rehearsal {
    private struct Opening: Decodable {
        struct Keys: Decodable {
            let account: String
            let live: String?
            let test: String?
        }
        let url: String
        let accounts: [String: Keys]
    }

    private let process: ServerProcess
    let url: String
    let reseller: String
    let liveKey: String
    let testKey: String
    let bearerAccount: String
    let bearerToken: String
    let domain101Key: String

    init() async throws {
        process = try await ServerProcess(Sandbox.products + "/rekeep-rehearsal", environment: .custom([:]))
        let opening = try JSONDecoder().decode(Opening.self, from: process.opening)
        url = opening.url
        let own = try #require(opening.accounts["domainnameapi"])
        reseller = own.account
        liveKey = try #require(own.live)
        testKey = try #require(own.test)
        let bearer = try #require(opening.accounts["bearer"])
        bearerAccount = bearer.account
        bearerToken = try #require(bearer.live)
        domain101Key = try #require(opening.accounts["101domain"]?.live)
    }

    /// Shell words that wait until one more request than now has come in, and end with 9 when `$first` is gone before:
    /// from then on it holds its locks.
    func untilAsked() async throws -> String {
        let count = try #require(try await panel("state", "{}")["requests"] as? Int)
        return """
            while curl -sf -d '{}' \(url)/admin/state | grep -q '"requests":\(count)[,}]'; do
              kill -0 $first || exit 9
              sleep 0.05
            done
            """
    }

    var liveURL: String { url + "/domainnameapi/live/api/v1" }
    var testURL: String { url + "/domainnameapi/test/api/v1" }

    /// One request to the panel, as a person would click it.
    @discardableResult
    func panel(_ path: String, _ body: String) async throws -> [String: Any] {
        let result = try await Subprocess.run(
            .path("/usr/bin/curl"), arguments: ["-sf", "--max-time", "20", "-d", body, url + "/admin/" + path],
            output: .bytes(limit: 1 << 20))
        try #require(result.terminationStatus.isSuccess, "the panel refused \(path)")
        return try JSONSerialization.jsonObject(with: Data(result.standardOutput)) as? [String: Any] ?? [:]
    }

    /// A new live key; for Domain Name API the old one ends at this moment.
    func regenerate(account: String? = nil, environment: String = "live") async throws -> String {
        let key = try await panel("keys", #"{"account":"\#(account ?? reseller)","environment":"\#(environment)"}"#)
        return try #require(key["value"] as? String)
    }

    func fault(_ fault: String, provider: String = "domainnameapi", environment: String = "live") async throws {
        try await panel("faults", #"{"provider":"\#(provider)","environment":"\#(environment)","fault":\#(fault)}"#)
    }
}

extension Sandbox {
    func add(
        _ address: String, _ rehearsal: Rehearsal, reseller: String? = nil, key: String? = nil, url: String? = nil,
        _ more: String...
    ) async throws -> Outcome {
        try await rekeep(
            ["add", address, "--base-url", url ?? rehearsal.liveURL, "--input", "-"] + more,
            input: #"{"reseller_id":"\#(reseller ?? rehearsal.reseller)","api_key":"\#(key ?? rehearsal.liveKey)"}"#)
    }

    /// The bearer account's credential, at `address`.
    /// - Parameter pointers: more fields, such as `identity_pointer`.
    func addBearer(
        _ address: String, _ rehearsal: Rehearsal, token: String? = nil, pointers: [String: String] = [:],
        _ more: String...
    ) async throws -> Outcome {
        let fields = pointers.merging(
            ["token": token ?? rehearsal.bearerToken, "balance_path": "/v1/account"], uniquingKeysWith: { $1 })
        return try await rekeep(
            ["add", address, "--base-url", rehearsal.url + "/bearer/live", "--input", "-"] + more,
            input: String(decoding: try JSONEncoder().encode(fields), as: UTF8.self))
    }

    func rotateBearer(_ address: String, _ token: String, _ more: String...) async throws -> Outcome {
        try await rekeep(["rotate", address, "--input", "-"] + more, input: #"{"token":"\#(token)"}"#)
    }

    /// WHMCS and WISECP share one live credential; each has a file.
    func shared(_ rehearsal: Rehearsal) async throws {
        for outcome in [
            try await add("whmcs/live/domainnameapi", rehearsal),
            try await rekeep("link", "wisecp/live/domainnameapi", "whmcs/live/domainnameapi"),
            try await rekeep("target", "add", "whmcs/live", "--path", file("whmcs.env"), "--preset", "whmcs"),
            try await rekeep("target", "add", "wisecp/live", "--path", file("wisecp.env"), "--preset", "wisecp"),
            try await rekeep("deploy"),
        ] { try #require(outcome.status == 0, "\(outcome.err)") }
    }

    func rotate(_ key: String, _ more: String...) async throws -> Outcome {
        try await rekeep(
            ["rotate", "whmcs/live/domainnameapi", "--yes", "--input", "-"] + more, input: #"{"api_key":"\#(key)"}"#)
    }
}
