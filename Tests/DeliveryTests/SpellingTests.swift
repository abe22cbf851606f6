import Credentials
import Foundation
import Sealing
import Subprocess
import SystemPackage
import Testing

@testable import Delivery

struct SpellingTests {
    private func encode(_ text: String) throws -> String {
        String(decoding: try UniversalSpelling.encode(SecretBytes(text.utf8)).withBytes { Array($0) }, as: UTF8.self)
    }

    @Test(arguments: [
        ("abc-DEF_0.9/:@%+,=", "abc-DEF_0.9/:@%+,="), ("", ""), ("=x", "'=x'"), ("a b", "'a b'"), ("a#b", "'a#b'"),
        ("$x", "'$x'"), ("a\"b", "'a\"b'"), ("it's", "\"it's\""), ("a\\b", "'a\\b'"), ("clé", "'clé'"), ("~x", "'~x'"),
        ("a:=b", "'a:=b'"), ("a:b=c", "a:b=c"),
    ])
    func `each value has the plainest spelling that fits`(value: String, spelling: String) throws {
        #expect(try encode(value) == spelling)
    }

    @Test(arguments: [
        ("a\nb", Unencodable.lineBreak), ("a\rb", .lineBreak), ("a\u{0}b", .zeroByte), ("a\u{2028}b", .lineBreak),
        ("a\u{85}b", .lineBreak), ("'\"", .quotes), ("a\\\\b'", .quotes), ("'a\\", .quotes), ("'${x}", .quotes),
        ("'=\"", .quotes),
        ("'`", .quotes),
    ])
    func `a value without a common spelling is refused with the reason`(value: String, reason: Unencodable) {
        #expect(throws: UnencodableValue(reason: reason)) { try encode(value) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: UnencodableValue(reason: .notUTF8)) {
            try UniversalSpelling.encode(SecretBytes([0x61, 0xFF]))
        }
    }

    @Test func `what a format spells, each of its readers reads as the same bytes`() throws {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("abcXYZ019 =#$'\"\\`{}()<>|&;!~*?-_.:/@%+,é€".unicodeScalars)
        let address = try Address("a/live/x")
        for format in TargetFormats.all {
            var refused = 0
            for _ in 0..<1000 {
                let scalars = (0..<Int.random(in: 0...24)).map { _ in alphabet.randomElement(using: &generator)! }
                let value = SecretBytes(String(String.UnicodeScalarView(scalars)).utf8)
                let variable = Variable(name: "AB", value: value, isSecret: true, address: address)
                do throws(DeliveryError) {
                    let content = try format.parse(SecretBytes([]))
                        .setting([variable], removing: [], path: "", opening: "")
                    #expect(format.parse(content).held(["AB"]) == ["AB": .value(value)], "\(format.name)")
                } catch {
                    refused += 1
                }
            }
            // Not all is read alike; Ruby and Node have no spelling for some, nor python-dotenv for a few.
            let most = ["universal": 850, "ruby": 50, "node": 400, "python-dotenv": 80][format.name, default: 1]
            #expect(refused < most, "\(format.name)")
        }
    }

    @Test func `a value that one reader can hold is refused with the names of those that can`() throws {
        let variable = Variable(
            name: "AB", value: SecretBytes("a'\"\\b".utf8), isSecret: true, address: try Address("a/live/x"))
        #expect(
            throws: DeliveryError.notEncodable(
                variable: "AB", .quotes,
                readers: ["shell", "systemd", "phpdotenv", "symfony", "python-dotenv", "decouple", "node", "ruby"])
        ) {
            try TargetFormats.named("universal").spelling(of: variable)
        }
        let broken = Variable(name: "AB", value: SecretBytes("a\nb".utf8), isSecret: true, address: variable.address)
        for format in TargetFormats.all {
            #expect(throws: DeliveryError.notEncodable(variable: "AB", .lineBreak, readers: [])) {
                try format.spelling(of: broken)
            }
        }
    }
}

/// The readers that a deployment meets, fed with what we write. Each prints its values in hexadecimal.
struct RealReaderTests {
    private static let values = [
        "fake-live-0123456789abcdef", "with space", "hash # inside", "dollar $HOME and $(touch x)", "it's",
        "semi;colon&amp|pipe",
        "quote\"inside", "back\\slash", "equals=first", "=leading", "clé-€", "!history", "~tilde", "*star?", "{brace}",
        "[b]",
        " lead and trail ", "percent%20", "", "a'b c#d", "tab\there",
    ]

    private static let readers: [(name: String, program: [String])] = [
        ("dash", ["dash", "-c", "set -a; . \"$0\"; exec /usr/bin/env -0"]),
        ("bash", ["bash", "--posix", "-c", "set -a; . \"$0\"; exec /usr/bin/env -0"]),
        ("busybox", ["busybox", "ash", "-c", "set -a; . \"$0\"; exec /usr/bin/env -0"]),
        ("zsh", ["zsh", "-f", "-c", "set -a; . \"$0\"; exec /usr/bin/env -0"]),
        (
            "python-dotenv",
            [
                "/usr/bin/python3", "-c",
                "import sys,dotenv\nfor k,v in dotenv.dotenv_values(sys.argv[1]).items(): sys.stdout.write(k+'='+(v or '')+'\\0')",
            ]
        ),
        (
            "ruby-dotenv",
            [
                "ruby", "-e",
                "require 'dotenv'; Dotenv::Environment.new(ARGV[0], true).each{|k,v| STDOUT.write(k+'='+v+\"\\0\")}",
            ]
        ),
        (
            "phpdotenv",
            [
                "php", "-r",
                "require 'Dotenv/autoload.php'; foreach(Dotenv\\Dotenv::parse(file_get_contents($argv[1])) as $k=>$v) echo $k.'='.$v.\"\\0\";",
            ]
        ),
    ]

    @Test(arguments: readers.indices)
    func `a real reader reads what was written`(index: Int) async throws {
        let (name, program) = Self.readers[index]
        let directory = NSTemporaryDirectory() + "rekeep-reader-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/target.env"
        let address = try Address("a/live/x")
        let variables = Self.values.enumerated().map {
            Variable(name: "REKEEP_T\($0)", value: SecretBytes($1.utf8), isSecret: true, address: address)
        }
        let target = Target(
            path: path, preset: "plain", reader: "universal", mode: nil, owner: nil, group: nil, hook: [])
        #expect(try TargetWriter(target, of: Deployment("a/live"), journal: journal).write(variables))

        let result = try await Subprocess.run(
            .path("/usr/bin/env"), arguments: Arguments(program + [path]),
            environment: .custom(["PATH": "/usr/bin:/bin", "HOME": directory, "LANG": "C.UTF-8", "RUBYOPT": "-W0"]),
            workingDirectory: FilePath(directory), output: .bytes(limit: 1 << 20))
        #expect(result.terminationStatus.isSuccess, "\(name)")
        var found: [String: String] = [:]
        for entry in result.standardOutput.split(separator: 0) {
            let text = String(decoding: entry, as: UTF8.self)
            guard let equals = text.firstIndex(of: "="), text.hasPrefix("REKEEP_T") else { continue }
            found[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        for (number, value) in Self.values.enumerated() {
            #expect(found["REKEEP_T\(number)"] == value, "\(name), value \(number)")
        }
    }
}
