import Credentials
import Sealing
import Testing

@testable import Keyring

/// Some containers forbid keyctl; there is nothing to test in them.
private let kernelKeepsKeys: Bool = {
    let session = Session(vault: Randomness.bytes(16))
    defer { _ = try? session.end() }
    return
        (try? session.begin(
            with: .random(count: AEAD.keyCount), for: Span(seconds: 60), now: Timestamp(seconds: 1_700_000_000))) != nil
}()

@Suite(.enabled(if: kernelKeepsKeys))
struct SessionTests {
    private let session = Session(vault: Randomness.bytes(16))
    private let key = SecretBytes.random(count: AEAD.keyCount)

    @Test func `a session gives the key back until it is ended`() throws {
        #expect(session.key() == nil)
        try session.begin(with: key, for: Span(seconds: 60), now: Timestamp(seconds: 1_700_000_000))
        #expect(session.key() == key)
        #expect(try session.end())
        #expect(session.key() == nil)
        #expect(try !session.end())
    }

    @Test func `a second session replaces the first`() throws {
        let other = SecretBytes.random(count: AEAD.keyCount)
        try session.begin(with: key, for: Span(seconds: 60), now: Timestamp(seconds: 1_700_000_000))
        try session.begin(with: other, for: Span(seconds: 60), now: Timestamp(seconds: 1_700_000_000))
        #expect(session.key() == other)
        #expect(try session.end())
        #expect(session.key() == nil)
    }

    @Test func `two vaults have a session each`() throws {
        try session.begin(with: key, for: Span(seconds: 60), now: Timestamp(seconds: 1_700_000_000))
        #expect(Session(vault: Randomness.bytes(16)).key() == nil)
        #expect(try session.end())
    }
}
