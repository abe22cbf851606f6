import Foundation
import Testing

/// Everything that goes wrong at input: its own message, its own exit code, and the stored credential still works.
struct RefusalTests {
    private func stillWorks(_ sandbox: Sandbox, _ rehearsal: Rehearsal) async throws {
        try await rehearsal.fault("{}")
        let check = try await sandbox.rekeep("check", "whmcs/live/domainnameapi", "--json")
        #expect(check.status == 0)
        #expect(check.objects.first?["outcome"] as? String == "ok")
    }

    @Test func `each wrong input has its own words and code`() async throws {
        let sandbox = try await Sandbox(waits: false)
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        try #require(
            try await sandbox.add("whmcs/test/domainnameapi", rehearsal, key: rehearsal.testKey, url: rehearsal.testURL)
                .status == 0)
        let other = try #require(
            try await rehearsal.panel("accounts", #"{"provider":"domainnameapi"}"#)["id"] as? String)
        let othersKey = try await rehearsal.regenerate(account: other)
        let cases: [(reseller: String?, key: String, status: Int32, words: String)] = [
            (nil, "fake-wrong-key", 1, "the provider refuses it"),
            (nil, rehearsal.testKey, 65, "this is the key of whmcs/test/domainnameapi"),
            (nil, othersKey, 1, "the provider refuses it"),
            ("me@example.com", rehearsal.liveKey, 65, "this is an e-mail address, not the Reseller ID"),
            (rehearsal.liveKey, rehearsal.reseller, 65, "are swapped"),
            ("12345", rehearsal.liveKey, 65, "does not have the form"),
            (nil, " ", 65, "the API key is empty"),
        ]
        for (reseller, key, status, words) in cases {
            let outcome = try await sandbox.add("x/live/domainnameapi", rehearsal, reseller: reseller, key: key)
            #expect(outcome.status == status, "\(words)")
            #expect(outcome.err.contains(words), "\(outcome.err)")
            #expect(!outcome.err.contains(rehearsal.liveKey) && !outcome.err.contains(rehearsal.testKey))
        }
        #expect(try await sandbox.rekeep("show", "x/live").status == 66)
        try await stillWorks(sandbox, rehearsal)
    }

    @Test func `an invisible character is taken out, and told by place and code point`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        let outcome = try await sandbox.add("whmcs/live/domainnameapi", rehearsal, key: rehearsal.liveKey + "\u{200B}")
        #expect(outcome.status == 0)
        #expect(outcome.err.contains("removed the invisible character U+200B at character 27"))
        #expect(try await sandbox.rekeep("show", "whmcs/live", "--field", "api_key").out == rehearsal.liveKey)
    }

    @Test func `a key that works for another account is refused at a rotation`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(
            await sandbox.addBearer(
                "site/live/bearer", rehearsal, pointers: ["identity_pointer": "/account/id"]
            ).status == 0)
        let other = try #require(try await rehearsal.panel("accounts", #"{"provider":"bearer"}"#)["id"] as? String)
        let token = try await rehearsal.regenerate(account: other)
        let rotated = try await sandbox.rotateBearer("site/live", token)
        #expect(rotated.status == 1)
        #expect(rotated.err.contains("for another account"))
        #expect(try await sandbox.rekeep("show", "site/live", "--field", "token").out == rehearsal.bearerToken)
        #expect(try await sandbox.rekeep("rotate", "--abort", "site/live", "--yes").status == 0)
        #expect(try await sandbox.rekeep("check", "site/live/bearer").status == 0)
    }

    @Test(arguments: [
        #"{"html":true}"#, #"{"redirect":"http://127.0.0.1:1/"}"#, #"{"size":2097152}"#, #"{"status":503}"#,
        #"{"status":429}"#,
    ])
    func `an answer that is no answer is never ok`(fault: String) async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        try await rehearsal.fault(fault)
        let added = try await sandbox.add("x/live/domainnameapi", rehearsal, key: "fake-other-key")
        #expect(added.status == 69, "\(added.err)")
        #expect(!added.err.contains("fake-other-key"))
        let checked = try await sandbox.rekeep("check", "whmcs/live/domainnameapi", "--json")
        #expect(checked.status == 69)
        #expect(checked.objects.first?["outcome"] as? String != "ok")
        #expect(!checked.out.contains(rehearsal.liveKey))
        try await stillWorks(sandbox, rehearsal)
    }

    @Test func `a stalled connection ends by itself and says nothing of the key`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try await sandbox.shared(rehearsal)
        try await rehearsal.fault(#"{"stalls":true}"#)
        let checked = try await sandbox.rekeep("check", "whmcs/live/domainnameapi", "--json")
        #expect(checked.status == 69)
        #expect(checked.objects.first?["outcome"] as? String == "unreachable")
        #expect(
            checked.objects.first?["message"] as? String
                == "no answer from 127.0.0.1 within 20 seconds; try again later")
    }

    @Test(
        arguments: [
            (["nonsense"], 64), (["add"], 64), (["show", "x"], 64), (["show", "a/live/x"], 66), (["list", "a b"], 64),
            (["rotate", "a/live/x"], 66), (["rotate", "--resume", "--abort", "a/live/x"], 64),
            (["add", "a/live/nope"], 66),
            (["add", "a/nope/domainnameapi"], 66), (["add", "a/live/bearer"], 64), (["env", "a/live"], 66),
            (["env", "a/live", "--preset", "nope"], 66), (["check"], 66),
            (["policy", "set", "x/**", "--max-age", "soon"], 64),
            (["target", "list", "a/live"], 66), (["deploy", "a/live"], 66), (["providers", "nope"], 66),
            (["add", "a/live/domainnameapi"], 64),
            (["add", "a/live/domainnameapi", "--base-url", "http://api.example.com"], 65),
            (["--vault", "/nowhere/v", "list"], 64), (["list", "--vault", "/nowhere/v"], 66),
            (["status", "--json"], 0),
            (["--help"], 0), (["rotate", "--help"], 0), (["--version"], 0),
        ] as [([String], Int32)])
    func `exit codes are those of the contract`(arguments: [String], status: Int32) async throws {
        let sandbox = try await Sandbox()
        let outcome = try await sandbox.rekeep(arguments)
        #expect(outcome.status == status, "\(arguments): \(outcome.err)")
    }

    @Test(arguments: [
        "", "[]", #"{"api_key":1}"#, #"{"api_key":"x""#, #"{"api_key":"x"} y"#, #"{"api_key":"x","api_key":"y"}"#,
        #"{"api_key":"\q"}"#,
        #"{"api_key":"\ud800"}"#,
    ])
    func `input that is no object of texts is refused without being shown`(input: String) async throws {
        let sandbox = try await Sandbox()
        let outcome = try await sandbox.rekeep("add", "a/live/domainnameapi", "--input", "-", input: input)
        #expect(outcome.status == 65)
        #expect(outcome.err.contains("not one JSON object"))
    }

    @Test func `an unknown field is named, with the known ones`() async throws {
        let sandbox = try await Sandbox()
        let outcome = try await sandbox.rekeep(
            "add", "a/live/domainnameapi", "--input", "-", input: #"{"apikey":"fake"}"#)
        #expect(outcome.status == 65)
        #expect(outcome.err.contains("there is no field 'apikey'") && outcome.err.contains("reseller_id, api_key"))
    }

    @Test(arguments: [
        "fakekey0123456789abcdef", "FakeKey", "fake-key", "k3y4f4k3", "fake key", "sk_live_fa4k3k3y9x", "clé",
        "fakekeyofmorethansixteen", "\u{1B}[2J", String(repeating: "fake_", count: 7),
    ])
    func `a name that could be a key is not repeated`(name: String) async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        let text = String(decoding: try JSONEncoder().encode([name: "x"]), as: UTF8.self)
        let outcome = try await sandbox.rekeep("add", "a/live/domainnameapi", "--input", "-", input: text)
        #expect(outcome.status == 65)
        #expect(outcome.err.contains("not shown") && outcome.err.contains("reseller_id, api_key"), "\(outcome.err)")
        #expect(!outcome.err.contains(name) && !outcome.err.contains(name.prefix(8)))
        // Where the names are those of addresses, and where it stands on the command line.
        try #require(await sandbox.add("whmcs/live/domainnameapi", rehearsal).status == 0)
        for name in [name, "shop/live/\(name)x0123456789abcdef"] {
            let objects = String(decoding: try JSONEncoder().encode([name: ["api_key": "x"]]), as: UTF8.self)
            let many = try await sandbox.rekeep("rotate", "**", "--input", "-", "--yes", input: objects)
            #expect(many.status == 65)
            #expect(!many.err.contains(name) && !many.err.contains(name.prefix(8)), "\(many.err)")
        }
        let shown = try await sandbox.rekeep("show", "whmcs/live", "--field", name, "--json")
        #expect(shown.status == 65 && !shown.err.contains(name.prefix(8)), "\(shown.err)")
    }

    @Test(
        arguments: [
            ("add a/live/bearer KEY", 64), ("KEY", 64), ("trust KEY", 64), ("edit a/live --max-age KEY", 64),
            ("unlock --for=KEY", 64), ("slot add KEY", 64), ("show a/live KEY", 64), ("show a/live --KEY", 64),
            ("show a/live --KEY=x", 64), ("status KEY", 66), ("check KEY", 66), ("rotate */live/KEY", 66),
            ("policy unset KEY", 66), ("env a/live --preset KEY", 66),
        ] as [(String, Int32)])
    func `a key in a command line's wrong place is not repeated`(words: String, status: Int32) async throws {
        let sandbox = try await Sandbox()
        let key = "sk_live_FAKE0123456789abcdef"
        let outcome = try await sandbox.rekeep(
            words.replacing("KEY", with: key).split(separator: " ").map(String.init))
        #expect(outcome.status == status, "\(outcome.err)")
        #expect(!(outcome.err + outcome.out).contains(key.prefix(12)), "\(outcome.err)")
    }

    @Test func `an identity that came by a descriptor is not for the program that exec starts`() async throws {
        let sandbox = try await Sandbox()
        let rehearsal = try await Rehearsal()
        try #require(await sandbox.add("whmcs/live/domainnameapi", rehearsal).status == 0)
        let script = """
            env -u REKEEP_IDENTITY "$0" exec whmcs/live --identity /dev/fd/3 --no-input -- \
              /bin/sh -c 'cat /dev/fd/3; echo "${DOMAINNAMEAPI_KEY:+has it}"' 3<identity
            """
        let outcome = try await sandbox.run(["bash", "-c", script, Sandbox.products + "/rekeep"])
        #expect(outcome.out.contains("has it"), "\(outcome.err)")
        #expect(!outcome.out.contains("REKEEP-IDENTITY"))
    }

    @Test(arguments: ["apikey", "reseller", "username2", "client_id", "x"])
    func `a name that is one is`(name: String) async throws {
        let sandbox = try await Sandbox()
        let outcome = try await sandbox.rekeep(
            "add", "a/live/domainnameapi", "--input", "-", input: #"{"\#(name)":"fake"}"#)
        #expect(outcome.status == 65 && outcome.err.contains("there is no field '\(name)'"), "\(outcome.err)")
    }

    @Test func `an identity that others can read is refused`() async throws {
        let sandbox = try await Sandbox()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: sandbox.identity)
        let outcome = try await sandbox.rekeep("list")
        #expect(outcome.status == 77)
        #expect(outcome.err.contains("chmod 600"))
    }

    @Test func `a service's credential may be readable for its group, as systemd shows it, and for nobody else`()
        async throws
    {
        let sandbox = try await Sandbox()
        let service = sandbox.file("credentials")
        try FileManager.default.createDirectory(atPath: service, withIntermediateDirectories: false)
        try FileManager.default.moveItem(atPath: sandbox.identity, toPath: service + "/rekeep.identity")
        for (mode, status): (Int, Int32) in [(0o440, 0), (0o400, 0), (0o444, 77), (0o460, 77)] {
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: service + "/rekeep.identity")
            let outcome = try await sandbox.run(
                [Sandbox.products + "/rekeep", "list", "--no-input"], more: ["CREDENTIALS_DIRECTORY": service])
            #expect(outcome.status == status, "\(String(mode, radix: 8)): \(outcome.err)")
        }
    }

    @Test func `every command has help with an example`() async throws {
        let sandbox = try await Sandbox(opens: false)
        for command in [
            "init", "add", "link", "list", "show", "edit", "rename", "remove", "check", "rotate", "retire", "status",
            "policy",
            "policy list", "policy set", "policy unset", "env", "exec", "target", "target add", "target list",
            "target remove",
            "deploy", "drift", "providers", "providers show", "providers validate",
            "unlock", "lock", "log", "verify",
        ] {
            let help = try await sandbox.rekeep(command.split(separator: " ").map(String.init) + ["--help"])
            #expect(help.status == 0 && help.out.contains("EXAMPLE\n  rekeep \(command)"), "\(command)")
        }
    }
}
