import Credentials
import Foundation
import Sealing
import Testing

@testable import Operations

/// The key of the negative control: really another key, and of the same form.
struct WrongKeyTests {
    private func wrong(_ key: String, pattern: String? = nil) throws -> String {
        let field = Field(
            name: "token", label: "Token", isSecret: true, isOptional: false, role: .key, pattern: pattern,
            variable: nil)
        let made = try #require(WrongKey.made(from: SecretBytes(key.utf8), of: field))
        return made.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func changed(_ key: String) throws -> [Int] {
        zip(key.utf8, try wrong(key).utf8).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
    }

    @Test func `a key in base64 is another key for whoever decodes it`() throws {
        for count in 16...40 {
            let key = Data((0..<count).map { UInt8($0 * 37 & 0xFF) })
            let made = try #require(Data(base64Encoded: try wrong(key.base64EncodedString())))
            #expect(made != key && made.count == count)
        }
    }

    @Test func `of a JSON web token the signature's inside is changed`() throws {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJmYWtlIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let place = try #require(try changed(token).first)
        #expect(try changed(token).count == 1)
        #expect(place > (token as NSString).range(of: ".", options: .backwards).location)
        #expect(place < token.utf8.count - 8)
    }

    @Test func `prefix, checksum, length and alphabet stay`() throws {
        let token = "cfut_" + String(repeating: "aB3d", count: 10) + "12345678"
        let place = try #require(try changed(token).first)
        #expect(place >= 5 && place < 45)
        #expect(try wrong(token).utf8.count == token.utf8.count)
        #expect(try wrong("0123456789abcdef0123456789abcdef", pattern: "^[0-9a-f]{32}$").count == 32)
        for short in ["a", "7Z", "key"] { #expect(try wrong(short) != short) }
    }
}
