import Credentials
import Sealing
import Testing

@testable import Keyring

private let began = Timestamp(seconds: 1_700_000_000)

/// Some containers forbid keyctl; there is nothing to test in them.
private let kernelKeepsKeys: Bool = {
    let session = Session(vault: Randomness.bytes(16))
    defer { _ = try? session.end() }
    return
        (try? session.begin(
            with: .random(count: AEAD.keyCount), slot: nil, for: Span(seconds: 60), now: began)) != nil
}()

@Suite(.enabled(if: kernelKeepsKeys))
struct SessionTests {
    private let session = Session(vault: Randomness.bytes(16))
    private let key = SecretBytes.random(count: AEAD.keyCount)

    @Test func `a session gives the key back until it is ended`() throws {
        #expect(session.key(now: began)?.key == nil)
        try session.begin(with: key, slot: 2, for: Span(seconds: 60), now: began)
        #expect(session.key(now: began)?.key == key && session.key(now: began)?.slot == 2)
        #expect(try session.end())
        #expect(session.key(now: began)?.key == nil)
        #expect(try !session.end())
    }

    @Test func `a second session replaces the first`() throws {
        let other = SecretBytes.random(count: AEAD.keyCount)
        try session.begin(with: key, slot: 2, for: Span(seconds: 60), now: began)
        try session.begin(with: other, slot: 2, for: Span(seconds: 60), now: began)
        #expect(session.key(now: began)?.key == other)
        #expect(try session.end())
        #expect(session.key(now: began)?.key == nil)
    }

    @Test func `two vaults have a session each`() throws {
        try session.begin(with: key, slot: 2, for: Span(seconds: 60), now: began)
        #expect(Session(vault: Randomness.bytes(16)).key(now: began) == nil)
        #expect(try session.end())
    }

    @Test func `a session that the kernel was never told to end is over when its time is`() throws {
        try session.begin(with: key, slot: 2, for: Span(seconds: 60), now: began)
        #expect(session.state(now: began + Span(seconds: 59)) == .unlocked(until: began + Span(seconds: 60)))
        #expect(session.key(now: began + Span(seconds: 60)) == nil)
        #expect(session.key(now: began)?.key == nil)
    }
}
