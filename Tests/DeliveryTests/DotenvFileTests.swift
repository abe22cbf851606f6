import Credentials
import Sealing
import Testing

@testable import Delivery

/// What becomes of files that exist already, and of what other people have in them.
struct DotenvFileTests {
    private func edited(_ content: String, _ reader: String = "universal", value: String = "new") throws -> String {
        let format = try TargetFormats.named(reader)
        let variable = Variable(
            name: "A_KEY", value: SecretBytes(value.utf8), isSecret: true, address: try Address("a/live/x"))
        let result = try format.parse(SecretBytes(content.utf8))
            .setting([variable], removing: [], path: "/f", opening: "")
        #expect(format.parse(result).held(["A_KEY"]) == ["A_KEY": .value(variable.value)])
        return result.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        "export A_KEY=old OTHER=precious\n", "A_KEY=old; export A_KEY\n", "A_KEY=\"old\" OTHER=\"x\"\n",
        "A_KEY=old OTHER=x\n", "A_KEY='old'OTHER\n", "A_KEY=$(cat /key)\n", "A_KEY=`cat /key`\n", "A_KEY=old && true\n",
        "A_KEY=o'l'd\n", "A_KEY=#old\n", "A_KEY=\\\n old\n", "A_KEY=old\\\nB=1\n", "A_KEY=\"ol\nd\"\n",
    ])
    func `a line that holds something besides one word is refused with its number`(line: String) throws {
        for reader in TargetFormats.all.map(\.name) {
            #expect(throws: DeliveryError.notPlain(path: "/f", line: 2, variable: "A_KEY"), "\(reader)") {
                try edited("B=1\n" + line, reader)
            }
        }
    }

    @Test(arguments: [
        ("A_KEY=old\n", "A_KEY=new\n"), ("A_KEY='old'\n", "A_KEY=new\n"), ("A_KEY=\"old\"\n", "A_KEY=new\n"),
        ("A_KEY=old", "A_KEY=new\n"), ("A_KEY=\n", "A_KEY=new\n"), ("  A_KEY=old  \n", "A_KEY=new\n"),
        ("A_KEY = old\n", "A_KEY=new\n"), ("A_KEY=old\r\n", "A_KEY=new\n"),
        ("A_KEY=old # since 2019\n", "# since 2019\nA_KEY=new\n"),
        ("A_KEY=old # since 2019\r\nB=1\r\n", "# since 2019\nA_KEY=new\nB=1\r\n"),
        ("A_KEY=# paste here\n", "# paste here\nA_KEY=new\n"), ("A_KEY=\"a b\"\t#x", "#x\nA_KEY=new\n"),
        ("", "A_KEY=new\n"), ("B=1", "B=1\nA_KEY=new\n"),
    ])
    func `our line is written as all readers read it, the comment above it`(before: String, after: String) throws {
        #expect(try edited(before) == after)
    }

    @Test(arguments: [
        ("shell", "export A_KEY=new\n"), ("phpdotenv", "export A_KEY=new\n"), ("symfony", "export A_KEY=new\n"),
        ("python-dotenv", "export A_KEY=new\n"), ("node", "export A_KEY=new\n"), ("ruby", "export A_KEY=new\n"),
        ("systemd", "A_KEY=new\n"), ("decouple", "A_KEY=new\n"),
    ])
    func `an export stays for the reader that knows it, and goes for the one that does not`(
        reader: String, after: String
    ) throws {
        #expect(try edited("export A_KEY=old\n", reader) == after)
    }

    @Test func `an export that one reader needs and another does not read is a question of who reads the file`() {
        #expect(throws: DeliveryError.exported(path: "/f", line: 1, variable: "A_KEY", reader: "systemd")) {
            try edited("export A_KEY=old\n")
        }
    }

    @Test func `inside another's open quote a line is no line of ours`() throws {
        #expect(throws: DeliveryError.self) { try edited("MSG=\"a\nA_KEY=x\"\n") }
        #expect(try edited("MSG=\"a\nA_KEY=x\"\n", "python-dotenv") == "MSG=\"a\nA_KEY=x\"\nA_KEY=new\n")
        #expect(throws: DeliveryError.notPlain(path: "/f", line: 2, variable: "A_KEY")) {
            try edited("MSG=\"a\nA_KEY=x\"\n", "decouple")
        }
        #expect(throws: DeliveryError.unreadableLine(path: "/f", line: 2, reader: "shell", .openQuote)) {
            try edited("B=1\nMSG='a\nC=1\n", "shell")
        }
    }

    @Test(arguments: [
        ("B=1\nif true; then\nA_KEY=old\nfi\n", "shell", 2, DotenvTrouble.command),
        ("B=a&b\n", "shell", 1, .command), ("B=a:=b\n", "shell", 1, .syntax), ("B=1\nUID=1000\n", "shell", 2, .syntax),
        ("# a\\\nB=1\n", "systemd", 1, .continuation), ("B=1\nA B=x\n", "phpdotenv", 2, .syntax),
        ("B=x y\n", "symfony", 1, .syntax), ("export B\n", "ruby", 1, .syntax), ("B\n", "node", 1, .syntax),
        ("# x=\"y\nB=1\n", "phpdotenv", 1, .openQuote),
    ])
    func `a file that its reader cannot read is refused with the line and the reader`(
        content: String, reader: String, line: Int, trouble: DotenvTrouble
    ) {
        #expect(throws: DeliveryError.unreadableLine(path: "/f", line: line, reader: reader, trouble)) {
            try edited(content, reader)
        }
    }

    @Test(arguments: [
        ("A_KEY=tok # since 2019\n", HeldValue.misread(reader: "systemd")),
        ("A_KEY=tok\r\n", .misread(reader: "systemd")), ("export A_KEY=tok\n", .misread(reader: "systemd")),
        ("A_KEY=tok\t\n", .misread(reader: "node")),
        ("B=1\n \nA_KEY=tok\n", .unreadable(line: 2, reader: "node", .syntax)),
        ("A_KEY = tok\n", .unreadable(line: 1, reader: "shell", .command)), ("B=1\n", .absent),
        ("A_KEY=tok\n", .value(SecretBytes("tok".utf8))), ("A_KEY=\"tok\"\n", .value(SecretBytes("tok".utf8))),
    ])
    func `what a file holds is what its readers read`(content: String, held: HeldValue) {
        #expect(DotenvFormat.universal.parse(SecretBytes(content.utf8)).held(["A_KEY"]) == ["A_KEY": held])
    }

    @Test(arguments: TargetFormats.all.map(\.name))
    func `a line in a reader's own spelling can be changed again`(reader: String) throws {
        for value in ["a'b\"c`d", "it's $HOME", "a'b$(c)", "a\\"] {
            guard let once = try? edited("B=1\n", reader, value: value) else { continue }
            #expect(try edited(once, reader, value: value) == once)
            #expect(try edited(once, reader) == "B=1\nA_KEY=new\n", "\(reader)")
        }
    }

    @Test(arguments: [
        ("python-dotenv", "A_KEY=a\u{2028}#b\n"), ("python-dotenv", "A_KEY=a\u{2028}\n"),
        ("decouple", "A_KEY=a\u{A0}\n"),
        ("ruby", #"A_KEY="a\\nb""# + "\n"), ("node", "A_KEY=a\rb\n"), ("symfony", "A_KEY=\"a\\nb\"\n"),
    ])
    func `what is not followed to the letter is not called a value`(reader: String, content: String) throws {
        let held = try TargetFormats.named(reader).parse(SecretBytes(content.utf8)).held(["A_KEY"])
        #expect(held == ["A_KEY": .otherSpelling])
    }

    @Test func `a line that is not wanted any more goes alone`() throws {
        let result = try DotenvFormat.universal.parse(SecretBytes("B=1\nA_OLD=x\nC=1\n".utf8))
            .setting([], removing: ["A_OLD"], path: "/f", opening: "")
        #expect(result == SecretBytes("B=1\nC=1\n".utf8))
    }
}
