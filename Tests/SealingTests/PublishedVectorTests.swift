import Testing

@testable import Sealing

/// Known answers that others published, so that our use of libsodium is what it says it is.
struct PublishedVectorTests {
    /// draft-irtf-cfrg-xchacha-03, A.3.1
    @Test func `XChaCha20-Poly1305 gives the draft's ciphertext`() throws {
        let key = SecretBytes((0x80...0x9f).map { UInt8($0) })
        let nonce = (0x40...0x57).map { UInt8($0) }
        let place = hex("50515253c0c1c2c3c4c5c6c7")
        let text = Array(
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
                .utf8)
        let expected = hex(
            """
            bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39
            ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
            21f9664c97637da9768812f615c68b13b52e c0875924c1c7987947deafd8780acf49
            """)
        let sealed = AEAD.seal(text, count: text.count, with: key, binding: place, nonce: nonce)
        #expect(sealed == nonce + expected)
        #expect(try AEAD.open(sealed, with: key, binding: place) == text)
    }

    /// RFC 7693, appendix A, and the BLAKE2b known-answer file's first keyed entry
    @Test func `BLAKE2b gives the RFC's hashes`() {
        #expect(
            KeyedHash.checksum(Array("abc".utf8), count: 64)
                == hex(
                    """
                    ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1
                    7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923
                    """))
        #expect(
            KeyedHash.hash([], key: SecretBytes((0..<64).map { UInt8($0) }), count: 64)
                == hex(
                    """
                    10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786
                    b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568
                    """))
    }

    /// crypto_kdf is BLAKE2b with the number as salt and the context as personalisation; the value was
    /// computed with Python's hashlib.
    @Test func `a subkey is the BLAKE2b that libsodium documents`() {
        let key = SecretBytes((0..<32).map { UInt8($0) })
        #expect(
            key.subkey(1, context: "rekeep-1")
                == SecretBytes(hex("562b34434bff0c6dd18cedbcbc4c76864e434882f5bbd28c54e93bac941fd085")))
        // libsodium test/default/kdf.c uses this context and key.
        #expect(
            key.subkey(32, context: "KDF test")
                == SecretBytes(hex("154b291f11196737f8b7f491e4ca11764e0227d34f94295408a869f007aa8618")))
    }

    /// The value was computed with OpenSSL's Argon2id; RFC 9106's own vector needs four lanes, which libsodium has not.
    @Test func `Argon2id agrees with another implementation`() throws {
        let costs = try Argon2id(operations: 2, memoryBytes: 19_456 << 10)
        let key = try costs.key(
            for: SecretBytes("correct horse battery staple".utf8), salt: (0..<16).map { UInt8($0) })
        #expect(key == SecretBytes(hex("818259b6310026a8e0dbac5d2e6927abcfdb07b32258fac4f61b18b80f929085")))
    }

    /// RFC 7748, section 5.2: the first iteration
    @Test func `an X25519 public key is the RFC's`() {
        let pair = KeyPair(secretKey: SecretBytes([9] + Array(repeating: 0, count: 31)))
        #expect(pair.publicKey == hex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"))
    }
}
