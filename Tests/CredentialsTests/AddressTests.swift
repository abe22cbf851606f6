import Credentials
import Testing

struct AddressTests {
    @Test func `an address has application, environment, provider and perhaps an account`() throws {
        let address = try Address("portal/live/domainnameapi@10042")
        #expect(address.deployment == (try Deployment("portal/live")))
        #expect(address.provider == "domainnameapi")
        #expect(address.account == "10042")
        #expect(address.description == "portal/live/domainnameapi@10042")
        #expect(try Address("whmcs/live/101domain").account == nil)
    }

    @Test(arguments: [
        "", "whmcs", "whmcs/live", "whmcs/live/", "/live/x", "a//b", "a/b/c/d", "a/b/c@", "a/b/@c", "a/b/c@d@e",
        "a b/live/x", "../live/x", "-a/live/x", "a/live/x\n", "é/live/x", "a/live/\u{200B}x",
        String(repeating: "a", count: 65) + "/live/x",
    ])
    func `what is not an address is refused`(text: String) {
        #expect(throws: AddressError.malformed(text)) { try Address(text) }
    }

    @Test func `the provider may be left out`() throws {
        #expect(try AddressReference("whmcs/live") == .deployment(Deployment("whmcs/live")))
        #expect(try AddressReference("whmcs/live/x") == .complete(Address("whmcs/live/x")))
        #expect(throws: AddressError.self) { try AddressReference("whmcs") }
    }
}

struct AddressOrderTests {
    @Test func `many are put in the order that two of them have`() throws {
        let names = [
            "a", "A", "a-b", "a.b", "ab", "a0", "application", "applicatio", "application-1", "application-10", "z_",
            String(repeating: "b", count: 64), String(repeating: "b", count: 63) + "a",
        ]
        let addresses = try names.shuffled().flatMap { name in
            try names.shuffled().flatMap { other in
                try ["x", "x@1", "x@0", "xy"].map { try Address("\(name)/\(other)/\($0)") }
            }
        }
        let ordered = Address.order(addresses).map { addresses[$0] }
        #expect(ordered == addresses.sorted())
        let texts = ordered.map {
            [$0.deployment.application, $0.deployment.environment, $0.provider, $0.account ?? ""]
        }
        #expect(zip(texts, texts.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
    }

    @Test func `equal ones stay in their order`() throws {
        let addresses = try ["b/c/x", "a/b/x", "b/c/x", "a/b/x"].map { try Address($0) }
        #expect(Address.order(addresses) == [1, 3, 0, 2])
    }
}

struct PatternTests {
    @Test(arguments: [
        ("*/live/*", "whmcs/live/domainnameapi", true), ("*/live/*", "whmcs/test/domainnameapi", false),
        ("whmcs/**", "whmcs/live/domainnameapi@1", true), ("whmcs/*", "whmcs/live/domainnameapi", false),
        ("**", "a/b/c", true), ("**/bearer*", "a/b/bearer@x", true), ("a/b/c", "a/b/c", true),
        ("a/b/c", "a/b/cd", false),
        ("?/b/c", "a/b/c", true), ("?/b/c", "aa/b/c", false), ("a?b/c", "a/b/c", false), ("*", "a/b/c", false),
        ("**/c", "a/b/c", true), ("*a*a*a*/b/c", "xaxaxax/b/c", true), ("*a*a*a*/b/c", "xaxaxx/b/c", false),
        ("**b**c", "a/b/c", true), ("**@*", "a/b/c", false),
    ])
    func `globs fit what they say`(pattern: String, address: String, fits: Bool) throws {
        #expect(try Pattern(pattern).matches(Address(address)) == fits)
    }

    @Test func `a hostile pattern takes no exponential time`() throws {
        let pattern = try Pattern(String(repeating: "*a", count: 60) + "/x/y")
        #expect(!pattern.matches(try Address(String(repeating: "a", count: 64) + "/z/y")))
    }

    @Test(arguments: ["", "a b", "a/[b]", "$(x)", String(repeating: "a", count: 257)])
    func `what no address can hold is refused`(text: String) {
        #expect(throws: AddressError.malformedPattern(text)) { try Pattern(text) }
    }

    @Test func `no pattern means everything`() throws {
        #expect([Pattern]().match(try Address("a/b/c")))
        #expect(![try Pattern("x/**")].match(try Address("a/b/c")))
    }
}

struct PolicyTests {
    @Test func `the most specific pattern counts, of equals the strictest`() throws {
        let policies = [
            Policy(pattern: try Pattern("**"), maxAge: .days(300)),
            Policy(pattern: try Pattern("*/live/*"), maxAge: .days(90)),
            Policy(pattern: try Pattern("whmcs/live/*"), maxAge: .days(120)),
        ]
        #expect(policies.rule(for: try Address("whmcs/live/x"))?.maxAge == .days(120))
        #expect(policies.rule(for: try Address("wisecp/live/x"))?.maxAge == .days(90))
        #expect(policies.rule(for: try Address("wisecp/test/x"))?.maxAge == .days(300))
        let equals = [
            Policy(pattern: try Pattern("a/*/x"), maxAge: .days(9)),
            Policy(pattern: try Pattern("*/b/x"), maxAge: .days(5)),
        ]
        #expect(equals.rule(for: try Address("a/b/x"))?.maxAge == .days(5))
    }
}
