import Foundation
import Testing

@testable import rekeep_courier

/// What a provider says cannot bring a key back, whatever it does to it.
struct RedactionTests {
    /// Ways to write a text down.
    enum Form: String, CaseIterable, Sendable {
        case plain, upper, lower, reversed
        case base64, base64URL = "base64 in the alphabet of URLs", base64Lines = "base64 in short lines"
        case base64Dashes = "base64 with dashes", basic = "Basic", base64Wide = "base64 of UTF-16"
        case hex, hexUpper, hexColons, hexSpaces, hexDashes, hexPrefixed
        case percent, doublePercent, triplePercent, percentU
        case decimalEntities, hexEntities, bareEntities, escapedEntities
        case unicodeEscapes, bracedEscapes, byteEscapes, octalEscapes, doubleEscapes
        case fullWidth, bold, accented
        case spaces, dashes, dots, commas, zeroWidth, softHyphens, groups, lines, joiners

        func write(_ text: String) -> String {
            let bytes = Array(text.utf8)
            func each(_ separator: String = "", _ write: (UInt8) -> String) -> String {
                bytes.map(write).joined(separator: separator)
            }
            func hex(_ byte: UInt8, _ format: String = "%02x") -> String { String(format: format, byte) }
            func spread(_ separator: String) -> String { text.map(String.init).joined(separator: separator) }
            let base64 = Data(bytes).base64EncodedString()
            switch self {
            case .plain: return text
            case .upper: return text.uppercased()
            case .lower: return text.lowercased()
            case .reversed: return String(text.reversed())
            case .base64: return base64
            case .base64URL:
                return base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            case .base64Lines:
                return stride(from: 0, to: base64.count, by: 5).map { String(base64.dropFirst($0).prefix(5)) }
                    .joined(separator: "\r\n")
            case .base64Dashes: return base64.map(String.init).joined(separator: "-")
            case .basic: return "Basic " + Data("someone:\(text)".utf8).base64EncodedString()
            case .base64Wide:
                return Data(text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }).base64EncodedString()
            case .hex: return each { hex($0) }
            case .hexUpper: return each { hex($0, "%02X") }
            case .hexColons: return each(":") { hex($0) }
            case .hexSpaces: return each(" ") { hex($0, "%02X") }
            case .hexDashes: return each("-") { hex($0) }
            case .hexPrefixed: return each(", ") { hex($0, "0x%02x") }
            case .percent: return each { hex($0, "%%%02x") }
            case .doublePercent: return each { hex($0, "%%25%02X") }
            case .triplePercent: return each { hex($0, "%%2525%02X") }
            case .percentU: return each { hex($0, "%%u%04x") }
            case .decimalEntities: return each { "&#\($0);" }
            case .hexEntities: return each { hex($0, "&#x%X;") }
            case .bareEntities: return each(" ") { hex($0, "&#%02d") }
            case .escapedEntities: return each { hex($0, "&amp;#%d;") }
            case .unicodeEscapes: return each { hex($0, "\\u%04x") }
            case .bracedEscapes: return each { hex($0, "\\u{%X}") }
            case .byteEscapes: return each { hex($0, "\\x%02X") }
            case .octalEscapes: return each { hex($0, "\\%03o") }
            case .doubleEscapes: return each { hex($0, "\\\\u%04x") }
            case .fullWidth: return shifted(text) { (0x21...0x7E).contains($0) ? $0 + 0xFEE0 : $0 }
            case .bold:
                return shifted(text) { value in
                    switch value {
                    case 65...90: value - 65 + 0x1D400
                    case 97...122: value - 97 + 0x1D41A
                    case 48...57: value - 48 + 0x1D7CE
                    default: value
                    }
                }
            case .accented: return spread("\u{301}")
            case .spaces: return spread(" ")
            case .dashes: return spread("-")
            case .dots: return spread(".")
            case .commas: return spread(", ")
            case .zeroWidth: return spread("\u{200B}")
            case .softHyphens: return spread("\u{AD}")
            case .groups:
                return stride(from: 0, to: text.count, by: 3).map { String(text.dropFirst($0).prefix(3)) }
                    .joined(separator: " ")
            case .lines: return spread("\n")
            case .joiners: return spread("\u{2060}")
            }
        }

        private func shifted(_ text: String, _ change: (UInt32) -> UInt32) -> String {
            String(String.UnicodeScalarView(text.unicodeScalars.compactMap { Unicode.Scalar(change($0.value)) }))
        }

        /// Signs between the characters make those of the secret itself hard to tell: then it is letters and digits.
        var needsPlainSecret: Bool { self == .commas || self == .groups }
    }

    private static func secret(_ alphabet: String, _ count: Int) -> String {
        String((0..<count).map { _ in alphabet.randomElement() ?? "x" })
    }

    private static let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

    /// Texts round it that must not hide it, at every alignment.
    private static let places = [("", ""), ("Invalid key: ", "."), ("x", "y"), ("ab", "==)"), ("key \"", "\" of 7")]

    @Test(arguments: Form.allCases)
    func `every eight characters of a secret are recognised, whatever is done to them`(form: Form) {
        for alphabet in [Self.letters, form.needsPlainSecret ? Self.letters : Self.letters + "-_.~+/=!:"] {
            for count in [8, 12, 33, 64] {
                let secret = Self.secret(alphabet, count)
                let redaction = Redaction(hiding: ["fake-other-key-1", secret])
                for start in 0...(count - 8) {
                    let (before, after) = Self.places[start % Self.places.count]
                    let part = String(secret.dropFirst(start).prefix(8))
                    let text = before + form.write(part) + after
                    #expect(redaction.clean(text, limit: 200) == nil, "\(form) of \(part) in \(secret): \(text)")
                }
                #expect(redaction.clean("so: " + form.write(secret), limit: 200) == nil)
            }
        }
    }

    @Test(arguments: [
        "Basic %5AmFrZS1zZWNyZXQta2V5LTE%3D", "\u{FF05}66\u{FF05}61ke-secret-key",
        "&percnt;66ake&hyphen;secret&hyphen;key",
        "f&#97;k%65-\\u0073ecret", "key=fake%252Dsecret%252Dkey", "FAKE\u{2010}SECRET\u{2010}KEY\u{2010}1",
        "1-yek-terces-ekaf", "key \u{202E}fake-secret\u{202C}", "f a k e - s e c r e t", "ＦＡＫＥ－ｓｅｃｒｅｔ",
        "66 61 6B 65 2D 73 65 63 72 65 74", "the ZmFrZS1zZWNyZXQta2V5LTE thing",
    ])
    func `mixtures are recognised too`(text: String) {
        #expect(Redaction(hiding: ["fake-secret-key-1"]).clean(text, limit: 200) == nil)
    }

    @Test func `a short secret is compared as a whole`() {
        let redaction = Redaction(hiding: ["Ab3$x"])
        for text in ["it is Ab3$x", "ab3$X", "QWIzJHg=", "41 62 33 24 78", "Ab3%24x", "x$3bA", "A b 3 $ x"] {
            #expect(redaction.clean(text, limit: 200) == nil, "\(text)")
        }
        #expect(redaction.clean("an ab3 thing", limit: 200) == "an ab3 thing")
    }

    @Test func `a secret beyond what is shown, but near, drops the text; one that is never shown does not`() {
        let redaction = Redaction(hiding: ["fake-secret-key-1"])
        #expect(redaction.clean(String(repeating: ".", count: 190) + "fake-secret-key-1", limit: 200) == nil)
        #expect(redaction.clean(String(repeating: ".", count: 2000) + "%66ake-secret-key-1", limit: 200) == nil)
        let far = redaction.clean(String(repeating: ".", count: 5000) + "fake-secret-key-1", limit: 200)
        #expect(far == String(repeating: ".", count: 200))
    }

    @Test(arguments: [
        "Invalid API Token", "Bearer token is missing, invalid, or expired.", "account:read is required", "Slow down",
        "Your current IP address is not authorized to access this API", "Authorization failed",
        "The request could not be authenticated: no API key provided (code 10001).",
        "L'utilisateur n'a pas les droits nécessaires.", "アクセスが拒否されました", "Kimlik doğrulama başarısız oldu",
        "See https://docs.example.com/errors/401?lang=en&topic=auth%20keys#details",
        "Request id 5f0c2e1a-9f0b-4f7a-8d3e-1b2c3d4e5f60", "acct-1", "00000000-0000-4000-8000-000000000001",
    ])
    func `what providers usually say stays`(text: String) {
        for _ in 0..<50 {
            let secrets = [Self.secret(Self.letters, 40), Self.secret("0123456789abcdef", 64), "fake-live-key-1"]
            #expect(Redaction(hiding: secrets).clean(text, limit: 200) == text)
        }
    }

    @Test func `a long text and a long secret are compared in no time worth telling`() {
        let secret = Self.secret(Self.letters, 16_384)
        let text = String((0..<1_000_000).map { _ in Self.letters.randomElement() ?? "x" })
        #expect(Redaction(hiding: [secret]).clean(text, limit: 200)?.count == 200)
    }

    @Test func `a currency is a code and no piece of the secret`() throws {
        let profile = try Profile(yaml: Self.profile)
        func currency(_ text: String, _ secret: String = "fake-secret-key-1") -> String? {
            let body = #"{"balance":"1.00","currency":"\#(text)","account":"\#(text)"}"#
            let answer = Answer(status: 200, headers: [], body: Array(body.utf8))
            return profile.read(answer, values: [:], secrets: [secret]).balances.first?.currency
        }
        #expect(currency("EUR") == "EUR" && currency("USDT") == "USDT")
        for wrong in ["eur", "E", "EUROPE", "E R", "12345", "fake-sec", "\u{1B}[3", "EU\u{200B}"] {
            #expect(currency(wrong) == nil, "\(wrong)")
        }
        #expect(currency("ABCDE", "xxabcdexx") == nil && currency("ABC", "0ABC0") == nil)
    }

    @Test func `an identity and an amount in which the secret comes back are dropped`() throws {
        let profile = try Profile(yaml: Self.profile)
        for account in ["ZmFrZS1zZWNyZXQ=", "fake-secret-key-1", "fakesecr", "1-yek-terces", "66616b652d736563726574"] {
            let body = #"{"balance":"12345678.90","currency":"EUR","account":"\#(account)"}"#
            let answer = Answer(status: 200, headers: [], body: Array(body.utf8))
            let result = profile.read(answer, values: [:], secrets: ["fake-secret-key-1", "x12345678x"])
            #expect(result.outcome == .ok)
            #expect(result.identity == nil, "\(account)")
            #expect(result.balances.isEmpty)
        }
    }

    private static let profile =
        SampleProfile.text.replacing(#"pointer: /ok, equals: "true""#, with: "pointer: /account, exists: true") + """

              money: [{ pointer: /balance, currency_pointer: /currency }]
              identity: /account
            """
}
