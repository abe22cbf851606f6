import Foundation
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

    private let process = Process()
    let url: String
    let reseller: String
    let liveKey: String
    let testKey: String
    let bearerAccount: String
    let bearerToken: String
    let domain101Key: String

    init() throws {
        process.executableURL = URL(filePath: Sandbox.products + "/rekeep-rehearsal")
        process.environment = [:]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line = Data()
        while !line.contains(10) {
            let chunk = output.fileHandleForReading.availableData
            guard !chunk.isEmpty else { break }
            line += chunk
        }
        let opening = try JSONDecoder().decode(Opening.self, from: line)
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

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    var liveURL: String { url + "/domainnameapi/live/api/v1" }
    var testURL: String { url + "/domainnameapi/test/api/v1" }

    /// One request to the panel, as a person would click it.
    @discardableResult
    func panel(_ path: String, _ body: String) throws -> [String: Any] {
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/curl")
        curl.arguments = ["-sf", "--max-time", "20", "-d", body, url + "/admin/" + path]
        let output = Pipe()
        curl.standardOutput = output
        try curl.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        curl.waitUntilExit()
        try #require(curl.terminationStatus == 0, "the panel refused \(path)")
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    /// A new live key; for Domain Name API the old one ends at this moment.
    func regenerate(account: String? = nil, environment: String = "live") throws -> String {
        let key = try panel("keys", #"{"account":"\#(account ?? reseller)","environment":"\#(environment)"}"#)
        return try #require(key["value"] as? String)
    }

    func fault(_ fault: String, provider: String = "domainnameapi", environment: String = "live") throws {
        try panel("faults", #"{"provider":"\#(provider)","environment":"\#(environment)","fault":\#(fault)}"#)
    }
}

extension Sandbox {
    func add(
        _ address: String, _ rehearsal: Rehearsal, reseller: String? = nil, key: String? = nil, url: String? = nil,
        _ more: String...
    ) throws -> Outcome {
        try rekeep(
            ["add", address, "--base-url", url ?? rehearsal.liveURL, "--input", "-"] + more,
            input: #"{"reseller_id":"\#(reseller ?? rehearsal.reseller)","api_key":"\#(key ?? rehearsal.liveKey)"}"#)
    }

    /// WHMCS and WISECP share one live credential; each has a file.
    func shared(_ rehearsal: Rehearsal) throws {
        for outcome in [
            try add("whmcs/live/domainnameapi", rehearsal),
            try rekeep("link", "wisecp/live/domainnameapi", "whmcs/live/domainnameapi"),
            try rekeep("target", "add", "whmcs/live", "--path", file("whmcs.env"), "--preset", "whmcs"),
            try rekeep("target", "add", "wisecp/live", "--path", file("wisecp.env"), "--preset", "wisecp"),
            try rekeep("deploy"),
        ] { try #require(outcome.status == 0, "\(outcome.err)") }
    }

    func rotate(_ key: String, _ more: String...) throws -> Outcome {
        try rekeep(
            ["rotate", "whmcs/live/domainnameapi", "--yes", "--input", "-"] + more, input: #"{"api_key":"\#(key)"}"#)
    }
}
