import Testing

@testable import Sealing

struct AEADTests {
    private let key = SecretBytes.random(count: AEAD.keyCount)

    @Test func `a seal does not open under another key or in another place`() throws {
        let sealed = AEAD.seal([1, 2, 3], with: key, binding: [7])
        #expect(try AEAD.open(sealed, with: key, binding: [7]) == [1, 2, 3])
        #expect(throws: SealingError.notAuthentic) { try AEAD.open(sealed, with: .random(count: 32), binding: [7]) }
        #expect(throws: SealingError.notAuthentic) { try AEAD.open(sealed, with: key, binding: [8]) }
        #expect(throws: SealingError.notAuthentic) { try AEAD.open(sealed, with: key, binding: []) }
    }

    @Test func `every single flipped bit and every shortening is noticed`() {
        let sealed = AEAD.seal(Array("made-up".utf8), with: key, binding: [1])
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: SealingError.notAuthentic) { try AEAD.open(changed, with: key, binding: [1]) }
        }
        for count in 0..<sealed.count {
            #expect(throws: SealingError.notAuthentic) {
                try AEAD.openSecret(Array(sealed.prefix(count)), with: key, binding: [1])
            }
        }
    }

    @Test func `an empty content has a seal too`() throws {
        let sealed = AEAD.seal([UInt8](), with: key, binding: [])
        #expect(sealed.count == AEAD.overhead)
        #expect(try AEAD.open(sealed, with: key, binding: []).isEmpty)
    }

    @Test func `one memory serves for long and short contents`() throws {
        var memory: [UInt8] = []
        for count in [0, 3, 500, 1, 0, 499, 501] {
            let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 + count) }
            var sealed = AEAD.seal(content, with: key, binding: [1])
            let opened = try sealed.withUnsafeBufferPointer {
                try AEAD.open(UnsafeRawBufferPointer($0), with: key, binding: [1], into: &memory)
            }
            #expect(Array(memory.prefix(opened)) == content)
            sealed[sealed.count / 2] ^= 1
            #expect(throws: SealingError.notAuthentic) {
                try sealed.withUnsafeBufferPointer {
                    _ = try AEAD.open(UnsafeRawBufferPointer($0), with: key, binding: [1], into: &memory)
                }
            }
        }
    }

    @Test func `two seals of the same content differ`() {
        #expect(AEAD.seal([1], with: key, binding: []) != AEAD.seal([1], with: key, binding: []))
    }
}

struct KeyPairTests {
    @Test func `a sealed box opens for its pair alone`() throws {
        let pair = KeyPair.random()
        let secret = SecretBytes.random(count: 32)
        var box = try KeyPair.seal(secret, to: pair.publicKey)
        #expect(try pair.open(box) == secret)
        #expect(throws: SealingError.notAuthentic) { try KeyPair.random().open(box) }
        box[50] ^= 1
        #expect(throws: SealingError.notAuthentic) { try pair.open(box) }
    }
}

struct Argon2idTests {
    @Test(
        arguments: [(1, 64 << 20), (11, 64 << 20), (3, (19 << 20) - 1), (3, (1 << 30) + 1), (0, 0)]
            as [(UInt64, UInt64)])
    func `costs outside floor and ceiling are refused`(operations: UInt64, memory: UInt64) {
        #expect(throws: SealingError.costsOutOfRange(operations: operations, memoryBytes: memory)) {
            try Argon2id(operations: operations, memoryBytes: memory)
        }
    }
}

struct CommitmentTests {
    @Test func `a commitment fits one key and one context`() {
        let key = SecretBytes.random(count: 32)
        #expect(Commitment(to: key, context: [1]) == Commitment(to: key, context: [1]))
        #expect(Commitment(to: key, context: [1]) != Commitment(to: key, context: [2]))
        #expect(Commitment(to: key, context: [1]) != Commitment(to: .random(count: 32), context: [1]))
    }
}
