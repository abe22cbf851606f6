import Testing

@testable import Sealing

struct SecretBytesTests {
    private static let canary = "fake-canary-0123456789"

    @Test func `no textual form shows the value`() {
        let secret = SecretBytes(Self.canary.utf8)
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(describing: secret), String(reflecting: secret), dumped, "\([secret])"] {
            #expect(!text.contains("canary"))
            #expect(text.contains("secret"))
        }
    }

    @Test func `memory is wiped when the last reference goes`() {
        var secret: SecretBytes? = SecretBytes(Self.canary.utf8)
        let address = secret?.withBytes { $0.baseAddress }
        #expect(address.map { UnsafeRawBufferPointer(start: $0, count: 22).elementsEqual(Self.canary.utf8) } == true)
        secret = nil
        // The arena keeps the memory, so that it can be looked at.
        #expect(address.map { UnsafeRawBufferPointer(start: $0, count: 22).contains(where: { $0 != 0 }) } == false)
    }

    @Test func `equality looks at length and content`() {
        #expect(SecretBytes([1, 2]) == SecretBytes([1, 2]))
        #expect(SecretBytes([1, 2]) != SecretBytes([1, 3]))
        #expect(SecretBytes([1, 2]) != SecretBytes([1, 2, 0]))
        #expect(SecretBytes([]) == SecretBytes([]))
    }

    @Test func `secrets of every size keep apart`() {
        var secrets: [SecretBytes] = []
        for size in [0, 1, 63, 64, 65, 4096, 70_000] + Array(1...300) {
            secrets.append(SecretBytes(Array(repeating: UInt8(size % 251), count: size)))
        }
        for secret in secrets {
            #expect(secret.withBytes { bytes in bytes.allSatisfy { $0 == UInt8(secret.count % 251) } })
        }
    }

    @Test func `a writer grows and hands over what was written`() {
        var writer = SecretWriter(capacity: 1)
        for byte in 0..<1000 { writer.append(UInt8(byte % 256)) }
        #expect(writer.finish() == SecretBytes((0..<1000).map { UInt8($0 % 256) }))
    }

    @Test func `a secret ends with a zero byte for C, in memory that was never used before too`() {
        var secrets: [SecretBytes] = []
        for number in 0..<1000 {
            let secret = SecretBytes(Array(repeating: UInt8(ascii: "x"), count: 32 + number % 96))
            #expect(secret.withCString { String(cString: $0) }.utf8.count == secret.count)
            secrets.append(secret)
        }
    }
}
