import Foundation
import Testing

/// A profile of the user's own can say how a key is used, and never where a stored one goes.
struct RedirectionTests {
    private let sandbox: Sandbox
    private let rehearsal: Rehearsal
    /// Somebody else's server.
    private let witness: Witness

    init() async throws {
        sandbox = try await Sandbox(waits: false)
        rehearsal = try await Rehearsal()
        witness = try await Witness(#"{"account":{"id":"a"},"token":"fake-issued-key","ok":"true"}"#)
    }

    private func profile(id: String = "acme", live: String, url: String = "{{base_url}}/v1/account") -> String {
        #"""
        id: \#(id)
        label: Acme
        variable_prefix: ACME
        rotation: overlap
        max_age: 90d
        activation_window: 1s
        panel: "Account > Tokens"
        limit: { requests: 50, per: 1s, scope: key }
        fields:
          - { name: token, label: Token, secret: true, role: key, variable: TOKEN, pattern: "[!-~]+" }
        environments: { live: "\#(live)" }
        balance:
          requests:
            - { method: GET, url: "\#(url)", headers: { Authorization: "Bearer {{token}}" } }
          outcomes:
            bad-credentials: [{ status: 401 }]
            ok: [{ status: 200, json: { pointer: /account/id, exists: true } }]
        issue:
          request: { method: POST, url: "\#(url)s", headers: { Authorization: "Bearer {{token}}" } }
          succeeded: [{ status: [200, 201], json: { pointer: /token, type: string } }]
          values: { token: /token }
        revoke:
          request: { method: DELETE, url: "\#(url)", headers: { Authorization: "Bearer {{token}}" } }
          succeeded: [{ status: [200, 204] }]
        """#
    }

    private func write(_ profile: String, id: String = "acme") throws {
        try sandbox.write(profile, to: ".config/rekeep/providers/\(id).yaml")
    }

    /// A live key of a provider that was honest when it was added: at the profile's own host, without --base-url.
    private func addHonest(_ address: String = "site/live/acme") async throws {
        try write(profile(live: rehearsal.url + "/bearer/live"))
        let added = try await sandbox.rekeep(
            "add", address, "--input", "-", input: #"{"token":"\#(rehearsal.bearerToken)"}"#)
        try #require(added.status == 0, "\(added.err)")
    }

    @Test func `a profile that names another host does not get the stored key`() async throws {
        try await addHonest()
        try write(profile(live: witness.url))
        for words in [["check"], ["rotate", "site/live", "--dry-run"], ["edit", "site/live", "--note", "x"]] {
            #expect(try await sandbox.rekeep(words).status == 0, "\(words)")
        }
        // Issued by the host that is stored, where this profile's path is none.
        #expect(try await sandbox.rekeep("rotate", "site/live", "--auto", "--no-input").status == 69)
        #expect(witness.seen.isEmpty)
        let shown = try await sandbox.rekeep("show", "site/live", "--json")
        #expect(shown.object["base_url"] as? String == rehearsal.url + "/bearer/live")
    }

    @Test(arguments: [
        "WITNESS/?{{base_url}}", "{{base_url}}@WITNESSHOST/", "{{base_url}}.evil.example/", "{{base_url}}:PORT/",
        "WITNESS/{{token}}",
    ])
    func `a profile whose URL leads elsewhere sends nothing`(url: String) async throws {
        try await addHonest()
        let hostile = url.replacing("WITNESSHOST", with: witness.url.dropFirst(7)).replacing(
            "WITNESS", with: witness.url
        )
        .replacing("PORT", with: "\(witness.port)")
        try write(profile(live: rehearsal.url + "/bearer/live", url: hostile))
        let validated = try await sandbox.rekeep(
            "providers", "validate", sandbox.file(".config/rekeep/providers/acme.yaml"))
        #expect(validated.status == 78)
        #expect(validated.err.contains("balance.requests[0].url") || validated.err.contains("issue.request.url"))
        let before = try await rehearsal.panel("state", "{}")["requests"] as? Int
        for words in [
            ["check"], ["rotate", "site/live", "--auto", "--no-input"], ["rotate", "site/live", "--dry-run"],
            ["add", "other/live/acme", "--input", "token.json"],
        ] {
            try sandbox.write(#"{"token":"\#(rehearsal.bearerToken)"}"#, to: "token.json")
            let refused = try await sandbox.rekeep(words)
            #expect(refused.status == 78, "\(words): \(refused.err)")
            #expect(refused.err.contains("acme.yaml is wrong at"), "\(refused.err)")
            #expect(!refused.err.contains(rehearsal.bearerToken))
        }
        #expect(witness.seen.isEmpty)
        #expect(try await rehearsal.panel("state", "{}")["requests"] as? Int == before)
    }

    @Test func `one of the user's own that cannot be used is an error for its id alone`() async throws {
        try await addHonest()
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        try write("id: [", id: "acme")
        let one = try await sandbox.rekeep("check", "site/live/acme")
        #expect(one.status == 78 && one.err.contains("acme.yaml is wrong"), "\(one.err)")
        let many = try await sandbox.rekeep("check", "--json")
        #expect(many.status == 78)
        #expect(many.err.contains("acme.yaml is wrong"))
        #expect(many.objects.map { $0["outcome"] as? String } == ["unknown", "ok"])
        #expect(try await sandbox.rekeep("check", "site/live/bearer").status == 0)
        let unknown = try await sandbox.rekeep("add", "a/live/nosuch", "--input", "-", input: "{}")
        #expect(unknown.status == 66)
        #expect(
            unknown.err.contains("there is no provider 'nosuch'") && !unknown.err.contains("acme"), "\(unknown.err)")
        #expect(unknown.err.contains("there are 101domain, bearer, cloudflare, domainnameapi, gandi"))
        let listed = try await sandbox.rekeep("providers", "--json")
        #expect(listed.status == 78 && listed.err.contains("acme.yaml is wrong"))
        #expect(listed.objects.count == 5)
    }

    /// A built-in one would answer in its place, and nobody would know.
    @Test(arguments: ["a fault", "a mode", "another name"])
    func `the built-in profile never takes the place of a faulty one`(fault: String) async throws {
        try #require(await sandbox.addBearer("site/live/bearer", rehearsal).status == 0)
        let path = sandbox.file(".config/rekeep/providers/bearer.yaml")
        switch fault {
        case "a fault":
            try write(
                sandbox.text(".config/rekeep/providers/bearer.yaml").replacing("overlap", with: "x"), id: "bearer")
        case "a mode":
            try FileManager.default.setAttributes([.posixPermissions: 0o664], ofItemAtPath: path)
        default: try write(profile(id: "other", live: witness.url), id: "bearer")
        }
        for words in [["check"], ["rotate", "site/live", "--dry-run"], ["providers", "bearer"], ["providers"]] {
            let refused = try await sandbox.rekeep(words)
            #expect(refused.status == 78, "\(words): \(refused.err)")
            #expect(refused.err.contains("bearer.yaml is wrong"))
        }
        #expect(try await sandbox.rekeep("providers", "gandi").status == 0)
        // What is kept with the credential needs no profile.
        #expect(try await sandbox.rekeep("env", "site/live").status == 0)
    }

    @Test func `one that stands for a built-in says so at every use`() async throws {
        let words =
            "your own profile \(sandbox.file(".config/rekeep/providers/bearer.yaml")) stands for the built-in one"
        let added = try await sandbox.addBearer("site/live/bearer", rehearsal)
        #expect(added.status == 0 && added.err.contains(words), "\(added.err)")
        let new = try await rehearsal.regenerate(account: rehearsal.bearerAccount)
        for command in [
            ["check", "-v"], ["rotate", "site/live", "--dry-run", "-v"], ["providers"], ["providers", "bearer"],
        ] {
            #expect(try await sandbox.rekeep(command).err.contains(words), "\(command)")
        }
        let rotated = try await sandbox.rotateBearer("site/live", new, "-v")
        #expect(rotated.status == 0 && rotated.err.contains(words))
        #expect(try await !sandbox.rekeep("check").err.contains("stands for"))
        let listed = try await sandbox.rekeep("providers", "--json")
        let bearer = listed.objects.first { $0["provider"] as? String == "bearer" }
        #expect(bearer?["replaces_built_in"] as? Bool == true)
        #expect((bearer?["own_file"] as? String)?.hasSuffix("/bearer.yaml") == true)
        // One that stands for nothing has nothing to say, and the built-in ones either.
        try write(profile(live: witness.url))
        try FileManager.default.removeItem(atPath: sandbox.file(".config/rekeep/providers/bearer.yaml"))
        #expect(try await !sandbox.rekeep("providers", "acme").err.contains("stands for"))
        #expect(try await !sandbox.rekeep("check", "-v").err.contains("stands for"))
    }

    @Test func `what is stored as secret is hidden, whatever a profile calls it by now`() async throws {
        let token = "fake-token-0123456789"
        let echo = try await Witness(#"{"message":"no such key: \#(token)"}"#, status: 401)
        let text = profile(live: echo.url).replacing("issue:", with: "  message: [/message]\nissue:")
        try write(text)
        let added = try await sandbox.rekeep(
            "add", "site/live/acme", "--no-check", "--input", "-", input: #"{"token":"\#(token)"}"#)
        try #require(added.status == 0, "\(added.err)")
        try write(
            text.replacing("secret: true", with: "secret: false")
                .replacing(
                    "environments:",
                    with: "  - { name: x, label: X, secret: true, optional: true, role: key }\nenvironments:"
                )
                .replacing("values: { token: /token }", with: "values: { x: /token }"))
        let checked = try await sandbox.rekeep("check", "--json")
        #expect(checked.status == 1 && !checked.out.contains(token), "\(checked.out)")
        #expect(checked.objects.first?["message"] as? String == "the provider refuses it (HTTP 401)")
    }

    @Test func `a field that the credential does not have makes no request`() async throws {
        try await addHonest()
        let before = try await rehearsal.panel("state", "{}")["requests"] as? Int
        let more = profile(live: rehearsal.url + "/bearer/live").replacing(
            "environments:", with: "  - { name: account, label: Account, secret: false, role: user }\nenvironments:")
        try write(more)
        let refused = try await sandbox.rekeep("check")
        #expect(refused.status == 78)
        #expect(refused.err.contains("needs the field account"), "\(refused.err)")
        #expect(try await rehearsal.panel("state", "{}")["requests"] as? Int == before)
        // Where it says that it may be empty, it may.
        try write(more.replacing("secret: false,", with: "secret: false, optional: true,"))
        #expect(try await sandbox.rekeep("check").status == 0)
    }

    @Test(arguments: ["https://ote.domainresellerapi.com.", "https://OTE.domainresellerapi.com.:443/api/v1"])
    func `no spelling of the test host takes a live key`(url: String) async throws {
        let added = try await sandbox.add("whmcs/live/domainnameapi", rehearsal, url: url, "--no-check")
        #expect(added.status == 65)
        #expect(added.err.contains("ote.domainresellerapi.com is the test environment"), "\(added.err)")
    }

    @Test func `a body in JSON says that it is JSON`() async throws {
        let text = profile(live: witness.url).replacing(
            "method: GET, url", with: "method: POST, json: '{\"t\":\"{{token}}\"}', url")
        try write(text)
        let added = try await sandbox.rekeep(
            "add", "site/live/acme", "--no-control", "--input", "-", input: #"{"token":"fake\"token"}"#)
        #expect(added.status == 0, "\(added.err)")
        #expect(witness.seen.lowercased().contains("content-type: application/json"))
        #expect(witness.seen.contains(#"{"t":"fake\"token"}"#))
    }
}
