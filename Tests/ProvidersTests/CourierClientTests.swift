import Credentials
import Foundation
import Sealing
import Testing

@testable import Providers

/// A courier that misbehaves is no answer, never a wrong one. Each is a shell script in the courier's place.
struct CourierClientTests {
    /// As the programs do by raising their guard: a courier that is gone must not end its client.
    init() { signal(SIGPIPE, SIG_IGN) }

    private func ask(
        _ script: String, questions: Int = 1, in order: AskingOrder? = nil
    ) async throws -> [CourierReply?] {
        let path = NSTemporaryDirectory() + "rekeep-courier-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        let client = CourierClient(candidates: [path], ownProfiles: "/nowhere", environment: [])
        return await client.ask(
            (0..<questions).map { _ in .describe(provider: nil) }, in: order ?? AskingOrder(all: questions)
        ) { _ in }
    }

    @Test(arguments: [
        "exit 1", "kill -9 $$", "cat >/dev/null; echo nonsense", "echo '{\"id\":7}'", "echo '{\"id\":-1}'",
        "head -c 3000000 /dev/zero | tr '\\0' x", "echo '{\"id\":0,'", "exec 1>&-; cat >/dev/null",
        "cat >/dev/null; printf '\\377\\376\\n'",
        "echo '{\"id\":0,\"result\":{\"outcome\":\"splendid\",\"balances\":[]}}'",
        "echo '{\"id\":0,\"result\":{\"outcome\":\"ok\",\"balances\":[{\"amount\":\"1e9\"}]}}'",
    ])
    func `one that dies or breaks the protocol leaves the question unanswered`(script: String) async throws {
        #expect(try await ask(script) == [CourierReply(id: 0)])
    }

    @Test func `what was answered before it died counts, the rest does not`() async throws {
        let answers = try await ask(
            "echo '{\"id\":1,\"result\":{\"outcome\":\"ok\",\"balances\":[]}}'; echo babble", questions: 3)
        #expect(answers[1]?.result?.outcome == .ok)
        #expect(answers[0]?.result == nil && answers[2]?.result == nil)
    }

    @Test func `a question that waits for the answer to another is asked then, and not before`() async throws {
        let order = AskingOrder(first: [1]) { number, _ in number == 1 ? [3, 0] : [] }
        let answers = try await ask(
            #"""
            while read -r line; do
              number=${line#*:}
              number=${number%%,*}
              seen=$seen$number
              echo '{"id":'$number',"result":{"outcome":"unknown","balances":[],"status":'$seen'}}'
            done
            """#, questions: 4, in: order)
        #expect(answers.map { $0?.result?.status } == [130, 1, nil, 13])
    }

    @Test func `one that says that it waits is no broken one`() async throws {
        let answers = try await ask(
            """
            echo '{"waiting":true}'
            echo '{"waiting":true}'
            echo '{"id":0,"result":{"outcome":"ok","balances":[]}}'
            """)
        #expect(answers[0]?.result?.outcome == .ok)
    }

    @Test func `a second answer to one question ends the talk`() async throws {
        let answers = try await ask(
            """
            echo '{"id":0,"result":{"outcome":"bad-credentials","balances":[]}}'
            echo '{"id":0,"result":{"outcome":"ok","balances":[]}}'
            """, questions: 2)
        #expect(answers[0]?.result?.outcome == .badCredentials)
        #expect(answers[1]?.result == nil)
    }

    @Test func `it gets no environment and no descriptor but its pipes`() async throws {
        // Other tests of this process may open a file at that moment which every child inherits; a descriptor of the
        // client's own would be there each time.
        var found = Set(4..<10)
        for _ in 0..<3 {
            let replies = try await ask(
                """
                cat >/dev/null
                # 3 is the listing itself, 10 the script.
                descriptors=$(cd /proc/$$/fd && echo *)
                printf '{"id":0,"result":{"outcome":"unknown","balances":[],"providerMessage":"%s|%s"}}\\n' "$(/usr/bin/env | /bin/grep -cv -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=)" "$descriptors"
                """)
            let parts = try #require(replies[0]?.result?.providerMessage).split(separator: "|")
            #expect(parts[0] == "0")
            found.formIntersection(parts[1].split(separator: " ").compactMap { Int($0) })
        }
        #expect(found.isEmpty)
    }

    @Test func `a missing courier answers nothing`() async {
        let client = CourierClient(candidates: ["/nowhere/courier"], ownProfiles: "", environment: [])
        #expect(client.executable == nil)
        #expect(await client.ask([.describe(provider: nil)]) == [CourierReply(id: 0)])
    }

    @Test func `a question is one JSON line, whatever the values hold`() throws {
        let value = "a\"b\\c\nd\u{1}é"
        let line = CourierQuestion.balance(
            ProviderCall(
                provider: "p", environment: "live", baseURL: "https://x", fields: ["k": SecretBytes(value.utf8)],
                secrets: ["k"])
        ).line(id: 3)
        let bytes = line.withBytes { Array($0) }
        let read = try JSONDecoder().decode(NumberedQuestion.self, from: Data(bytes))
        guard read.id == 3, case .balance(let call) = read.question else { throw CancellationError() }
        #expect(call.fields == ["k": value] && call.baseURL == "https://x" && call.secrets == ["k"])
        #expect(bytes.count { $0 == 10 } == 1 && bytes.last == 10)
        let object = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(object["id"] as? Int == 3)
        #expect((object["fields"] as? [String: String])?["k"] == value)
        #expect(object["base_url"] as? String == "https://x" && object["secrets"] as? [String] == ["k"])
    }
}

struct ProviderDescriptionTests {
    private let description = ProviderDescription(
        id: "p", label: "P",
        fields: [
            .init(
                name: "k", label: "K", isSecret: true, isOptional: false, role: .key, pattern: nil, variable: "KEY")
        ],
        environments: [
            .init(name: "live", baseURL: "https://live.example", isTest: false),
            .init(name: "test", baseURL: "https://test.example", isTest: true),
        ], variablePrefix: "P", mode: .cutover, maxAge: .days(1), lifetime: nil,
        activationWindow: Span(seconds: 120), allowsControl: true, deadWhen: [], attempts: .usual, issuesKeys: false,
        panelPath: "", ownFile: nil,
        replacesBuiltIn: false)

    @Test func `a live key never goes to the test host, nor the other way round`() throws {
        #expect(throws: ProviderDescription.Refusal.hostOfAnotherEnvironment(host: "test.example", environment: "test"))
        {
            try description.terms(environment: "live", ownBaseURL: "https://TEST.example/v2")
        }
        let test = try description.terms(environment: "test", ownBaseURL: nil)
        #expect(test.baseURL == "https://test.example" && test.isTest)
        #expect(try !description.terms(environment: "live", ownBaseURL: nil).isTest)
    }

    @Test(arguments: [
        "https://test.example", "https://TEST.Example", "https://test.example.", "https://test.example:443",
        "https://test.example.:8443/v2", "https://test.example/live",
    ])
    func `no spelling of the test host passes as another`(url: String) {
        #expect(throws: ProviderDescription.Refusal.hostOfAnotherEnvironment(host: "test.example", environment: "test"))
        {
            try description.terms(environment: "live", ownBaseURL: url)
        }
    }

    @Test(arguments: [
        "https://t%65st.example", "https://test.example%2E", "https://te\u{AD}st.example", "https://ｔest.example",
    ])
    func `a spelling that others could read as the test host is no base URL`(url: String) {
        #expect(throws: ProviderDescription.Refusal.baseURL(.malformed(url))) {
            try description.terms(environment: "live", ownBaseURL: url)
        }
    }

    @Test func `an environment that the profile does not name is refused`() {
        #expect(throws: ProviderDescription.Refusal.noSuchEnvironment("staging", known: ["live", "test"])) {
            try description.terms(environment: "staging", ownBaseURL: nil)
        }
    }
}
