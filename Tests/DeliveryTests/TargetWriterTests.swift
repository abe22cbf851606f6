import Credentials
import Foundation
import Sealing
import Testing

@testable import Delivery

struct TargetWriterTests {
    @Test func `a new file is born private and holds the variables`() throws {
        let place = try Place()
        #expect(try place.writer().write(variables(["A_KEY": "fake", "A_B": "x y"])))
        #expect(place.content == "# Variables of a/live, kept by rekeep.\nA_KEY=fake\nA_B='x y'\n")
        #expect(place.mode == 0o600)
        #expect(place.names == ["app.env"])
    }

    @Test func `everything else in the file stays byte for byte`() throws {
        let before = "# top\r\nAPP=1\r\n\nA_KEY=\"old\"\nMULTI=\"one\ntwo\n\"\nLAST=x"
        let place = try Place(before, mode: 0o640)
        #expect(try place.writer(reader: "symfony").write(variables(["A_KEY": "new", "A_B": "b"])))
        #expect(
            place.content == "# top\r\nAPP=1\r\n\nA_KEY=new\nMULTI=\"one\ntwo\n\"\nLAST=x\nA_B=b\n")
        #expect(place.mode == 0o640)
    }

    @Test func `a target is written for its own reader, never for another`() throws {
        let place = try Place("A_KEY=1\n")
        let target = Target(
            path: place.path, preset: "plain", reader: "runes", mode: nil, owner: nil, group: nil, hook: [])
        #expect(throws: DeliveryError.noSuchReader("runes", known: TargetFormats.all.map(\.name))) {
            try TargetWriter(target, of: Deployment("a/live"), journal: journal).write(variables(["A_KEY": "fake"]))
        }
        #expect(place.content == "A_KEY=1\n")
    }

    @Test func `a pre-flight tries the owner and the mode, and leaves nothing`() throws {
        let place = try Place("A_KEY=1\n")
        let target = Target(
            path: place.path, preset: "plain", reader: "universal", mode: nil, owner: "no-such-user", group: nil,
            hook: [])
        let writer = try TargetWriter(target, of: try Deployment("a/live"), journal: journal)
        #expect(throws: DeliveryError.noSuchUser("no-such-user")) { try writer.preflight(variables(["A_KEY": "fake"])) }
        #expect(throws: Never.self) { try place.writer().preflight(variables(["A_KEY": "fake"])) }
        #expect(place.names == ["app.env"])
    }

    @Test func `a file that holds the values already is not touched`() throws {
        let place = try Place()
        let variables = try variables(["A_KEY": "fake"])
        #expect(try place.writer().write(variables))
        let before = try FileManager.default.attributesOfItem(atPath: place.path)[.systemFileNumber] as? Int
        #expect(try !place.writer().write(variables))
        #expect(try FileManager.default.attributesOfItem(atPath: place.path)[.systemFileNumber] as? Int == before)
    }

    @Test func `the declared mode is set before content is visible, and kept right`() throws {
        let place = try Place("X=1\n", mode: 0o644)
        #expect(try place.writer(mode: 0o640).write(variables(["A_KEY": "fake"])))
        #expect(place.mode == 0o640)
    }

    @Test func `a symbolic link is not followed, nor is what is no file`() throws {
        let place = try Place("X=1\n")
        let link = place.directory + "/link.env"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: place.path)
        let variables = try variables(["A_KEY": "fake"])
        #expect(throws: DeliveryError.symbolicLink(path: link)) { try place.writer(path: link).write(variables) }
        #expect(throws: DeliveryError.notAFile(path: place.directory)) {
            try place.writer(path: place.directory).write(variables)
        }
        #expect(throws: DeliveryError.notAbsolute(path: "x.env")) { try place.writer(path: "x.env").write(variables) }
        #expect(place.content == "X=1\n")
    }

    @Test func `a variable that is set twice, or a byte-order mark, is left to a person`() throws {
        let twice = try Place("A_KEY=1\nB=2\nexport A_KEY=3\n")
        #expect(throws: DeliveryError.setTwice(path: twice.path, variable: "A_KEY", lines: [1, 3])) {
            try twice.writer().write(variables(["A_KEY": "fake"]))
        }
        let marked = try Place("\u{FEFF}A_KEY=1\n")
        #expect(throws: DeliveryError.byteOrderMark(path: marked.path)) {
            try marked.writer().write(variables(["A_KEY": "fake"]))
        }
        #expect(twice.content == "A_KEY=1\nB=2\nexport A_KEY=3\n")
    }

    @Test func `a value without a spelling leaves the file as it is`() throws {
        let place = try Place("A_KEY=1\n")
        #expect(throws: DeliveryError.self) {
            try place.writer().write(variables(["A_KEY": "'\""]))
        }
        #expect(place.content == "A_KEY=1\n")
        #expect(place.names == ["app.env"])
    }

    @Test func `a draft that a dead writer left is cleared away, a living one's is not`() throws {
        let place = try Place("A_KEY=1\n")
        let dead = place.directory + "/.app.env.rekeep-draft-0123456789ab"
        let living = place.directory + "/.app.env.rekeep-draft-ba9876543210"
        let backup = place.directory + "/.app.env.rekeep-backup"
        for path in [dead, living, backup] { try Data("SECRET=fake".utf8).write(to: URL(filePath: path)) }
        let descriptor = open(living, O_RDONLY)
        defer { close(descriptor) }
        #expect(flock(descriptor, LOCK_EX) == 0)
        #expect(try place.writer().write(variables(["A_KEY": "fake"])))
        #expect(place.names == [".app.env.rekeep-backup", ".app.env.rekeep-draft-ba9876543210", "app.env"])
    }

    @Test func `what a target holds is told apart`() throws {
        let place = try Place("A_ONE=1\nA_TWO=${two}\n")
        let held = try #require(try place.writer(reader: "python-dotenv").held(["A_ONE", "A_TWO", "A_THREE"])).values
        #expect(held["A_ONE"] == .value(SecretBytes("1".utf8)))
        #expect(held["A_TWO"] == .otherSpelling)
        #expect(held["A_THREE"] == .absent)
        #expect(try place.writer(path: place.directory + "/nope").held(["A_ONE"]) == nil)
    }

    @Test func `a pre-flight finds what a write would meet, and touches nothing`() throws {
        let place = try Place("A_KEY=1\n")
        let variables = try variables(["A_KEY": "fake"])
        #expect(throws: Never.self) { try place.writer().preflight(variables) }
        #expect(throws: DeliveryError.hookNotFound("/no/such/program")) {
            try place.writer(hook: ["/no/such/program"]).preflight(variables)
        }
        #expect(throws: DeliveryError.file(path: "/nowhere/x.env", .open, errno: ENOENT)) {
            try place.writer(path: "/nowhere/x.env").preflight(variables)
        }
        #expect(place.content == "A_KEY=1\n")
    }
}

struct PresetTests {
    private func credential(
        _ environment: String, isTest: Bool = false, account: String? = nil
    ) throws -> Credential {
        Credential(
            id: .random(), provider: "domainnameapi", environment: environment,
            terms: Terms(
                label: "",
                fields: [
                    Field(
                        name: "reseller_id", label: "", isSecret: false, isOptional: false, role: .user, pattern: nil,
                        variable: "RESELLER_ID"),
                    Field(
                        name: "api_key", label: "", isSecret: true, isOptional: false, role: .key, pattern: nil,
                        variable: "KEY"),
                ], baseURL: "https://x", isTest: isTest, variablePrefix: "DOMAINNAMEAPI", mode: .cutover,
                maxAge: .days(1),
                lifetime: nil,
                activationWindow: Span(seconds: 1), panelPath: ""), hasOwnBaseURL: false,
            bindings: [
                Binding(
                    address: try Address("a/\(environment)/domainnameapi" + (account.map { "@" + $0 } ?? "")),
                    prefix: nil)
            ],
            versions: [])
    }

    /// docs/panels.md, from the official modules
    @Test(arguments: [
        ("plain", ["RESELLER_ID", "KEY", "ENVIRONMENT", "BASE_URL"]),
        ("whmcs", ["API_USERNAME", "API_PASSWORD", "API_TESTMODE"]),
        ("wisecp", ["USERNAME", "PASSWORD", "TEST_MODE"]), ("clientexec", ["USERNAME", "PASSWORD", "TEST_MODE"]),
        ("hostbill", ["USERNAME", "PASSWORD", "TESTMODE"]), ("blesta", ["USER", "KEY", "SANDBOX"]),
        ("hostfact", ["USER", "PASSWORD"]),
    ])
    func `each preset has its panel's names`(name: String, suffixes: [String]) throws {
        let credential = try credential("live")
        let names = try Preset.named(name).variables(of: credential, at: credential.bindings[0]).map(\.name)
        #expect(names == suffixes.map { "DOMAINNAMEAPI_" + $0 })
    }

    @Test(arguments: [
        ("whmcs", false, ""), ("whmcs", true, "on"), ("wisecp", true, "1"), ("blesta", false, "false"),
        ("blesta", true, "true"),
    ])
    func `the test switch is what the profile declares, whatever the environment's name`(
        name: String, isTest: Bool, value: String
    ) throws {
        let credential = try credential("production", isTest: isTest)
        guard
            case .text(let text)? = try Preset.named(name).variables(of: credential, at: credential.bindings[0]).last?
                .source
        else { throw CancellationError() }
        #expect(text == value)
    }

    @Test func `an account adds its name, and two that meet are refused`() throws {
        let acme = try credential("live", account: "acme.de-1")
        #expect(try Preset.plain.variables(of: acme, at: acme.bindings[0])[1].name == "DOMAINNAMEAPI_ACME_DE_1_KEY")
        let other = try credential("live", account: "acme-de-1")
        #expect(
            throws: DeliveryError.sameVariable(
                "DOMAINNAMEAPI_ACME_DE_1_RESELLER_ID", acme.addresses[0], other.addresses[0])
        ) {
            try Preset.plain.checkNames([(acme, acme.bindings[0]), (other, other.bindings[0])])
        }
    }

    @Test func `a prefix that makes no name is refused`() throws {
        let credential = try credential("live")
        for prefix in ["1X", "a b", "x", ""] {
            let binding = Binding(address: credential.addresses[0], prefix: prefix)
            #expect(throws: DeliveryError.self) { try Preset.plain.variables(of: credential, at: binding) }
        }
    }
}
