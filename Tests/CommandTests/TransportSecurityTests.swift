import Foundation
import Testing

/// Real servers with real certificates: what is not trusted and current gets no key.
struct TransportSecurityTests {
    private let sandbox: Sandbox
    private static let token = "fake-token-0123456789abcdef"

    init() async throws {
        sandbox = try await Sandbox()
        let made = try await sandbox.run(["bash", "-euc", Self.certificates])
        try #require(made.status == 0, "\(made.err)")
    }

    /// A root, and three certificates from it; another root that nobody trusts.
    private static let certificates = """
        root() {
          openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -days 30 -subj "/CN=Made-up $1" \\
            -addext basicConstraints=critical,CA:TRUE 2>/dev/null
        }
        leaf() { # NAME HOST ROOT
          openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj "/CN=$2" 2>/dev/null
          printf 'subjectAltName=DNS:%s\\n' $2 >$1.ext
          openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -out $1.pem -days 10 -extfile $1.ext \\
            2>/dev/null
        }
        root trusted; root unknown
        leaf good localhost trusted; leaf wrong-host other.example trusted; leaf stranger localhost unknown
        faketime -f -60d openssl x509 -req -in good.csr -CA trusted.pem -CAkey trusted.key -CAcreateserial \\
          -out expired.pem -days 10 -extfile good.ext 2>/dev/null
        cp good.key expired.key
        mkdir roots; cp trusted.pem roots/; echo 'No certificate.' >roots/readme
        """

    private func tls(_ certificate: String) -> Witness.TLS {
        Witness.TLS(certificate: sandbox.file(certificate + ".pem"), key: sandbox.file(certificate + ".key"))
    }

    /// Asks a server for the balance, with variables that name what is trusted.
    private func check(_ tls: Witness.TLS, _ variables: [String: String]) async throws -> (
        Sandbox.Outcome, seen: String
    ) {
        let witness = try await Witness(#"{"account":"a"}"#, tls: tls)
        let added = try await sandbox.rekeep(
            "add", "site/live/bearer@x\(UUID().uuidString.prefix(8))", "--base-url",
            "https://localhost:\(witness.port)",
            "--no-check", "--input", "-", input: #"{"token":"\#(Self.token)","balance_path":"/me"}"#)
        try #require(added.status == 0, "\(added.err)")
        let checked = try await sandbox.run(
            [Sandbox.products + "/rekeep", "check", "**", "--json"], more: variables)
        let removed = try await sandbox.run([
            "bash", "-c", "\"$0\" remove site/live --yes", Sandbox.products + "/rekeep",
        ])
        try #require(removed.status == 0, "\(removed.err)")
        return (checked, witness.seen)
    }

    private var trust: [String: String] { ["SSL_CERT_FILE": sandbox.file("trusted.pem")] }

    @Test(arguments: [("TLSv1", false), ("TLSv1_1", false), ("TLSv1_2", true), ("TLSv1_3", true)])
    func `a server that speaks nothing newer than TLS 1.1 gets no key`(version: String, isGood: Bool) async throws {
        var tls = tls("good")
        tls.minimum = version
        tls.maximum = version
        let (checked, seen) = try await check(tls, trust)
        #expect(checked.objects.first?["outcome"] as? String == (isGood ? "ok" : "unreachable"), "\(checked.out)")
        let message = checked.objects.first?["message"] as? String
        #expect(message?.contains("no TLS newer than 1.1") == !isGood, "\(message ?? "")")
        #expect(checked.status == (isGood ? 0 : 69))
        #expect(seen.contains(Self.token) == isGood, "\(seen)")
    }

    @Test(arguments: ["wrong-host", "expired", "stranger"])
    func `a certificate for another host, expired or of an unknown root gets no key`(certificate: String) async throws {
        let (checked, seen) = try await check(tls(certificate), trust)
        #expect(checked.objects.first?["outcome"] as? String == "unreachable", "\(checked.out)")
        let message = checked.objects.first?["message"] as? String ?? ""
        #expect(message.hasPrefix("the certificate of localhost is not valid"), "\(message)")
        #expect(checked.status == 69)
        #expect(seen.isEmpty)
    }

    /// Who names a proxy does not want to be seen without it.
    @Test(arguments: [
        "socks5h://127.0.0.1:9", "https://127.0.0.1:9", "HTTP://127.0.0.1:9", "127.0.0.1:9", "http://127.0.0.1:9",
        "x y",
    ])
    func `a proxy that cannot be used is no reason to go without one`(proxy: String) async throws {
        for variable in ["HTTPS_PROXY", "ALL_PROXY"] {
            let (checked, seen) = try await check(
                tls("good"), trust.merging([variable: proxy], uniquingKeysWith: { $1 }))
            #expect(checked.objects.first?["outcome"] as? String == "unreachable", "\(checked.out)")
            #expect(checked.status == 69)
            #expect(seen.isEmpty, "\(variable)=\(proxy): \(seen)")
        }
    }

    @Test func `what SSL_CERT_FILE and SSL_CERT_DIR name is trusted, and nothing else`() async throws {
        let roots = sandbox.file("roots")
        let nothing = sandbox.file("nothing")
        for (variables, isGood) in [
            (["SSL_CERT_DIR": roots], true), (["SSL_CERT_DIR": "\(nothing):\(roots)"], true),
            (["SSL_CERT_FILE": sandbox.file("unknown.pem"), "SSL_CERT_DIR": roots], true),
            (["SSL_CERT_FILE": nothing], false), (["SSL_CERT_DIR": nothing], false),
            (["SSL_CERT_FILE": sandbox.file("unknown.pem")], false), ([:], false),
        ] {
            let (checked, seen) = try await check(tls("good"), variables)
            #expect(checked.status == (isGood ? 0 : 69), "\(variables): \(checked.out)")
            #expect(seen.contains(Self.token) == isGood, "\(variables)")
        }
    }
}
