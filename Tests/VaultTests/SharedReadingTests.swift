import Dispatch
import Credentials
import Sealing
import Synchronization
import Testing

@testable import Vault

/// Records that are read one after another, in one memory and with shared terms, are those that are read alone.
struct SharedReadingTests {
    private let seed = UInt64.random(in: .min ... .max)

    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }

        mutating func text() -> String {
            let letters = Array("abcXYZ09-_. äß€🔑\u{0}\"")
            return String(
                (0..<Int.random(in: 0...24, using: &self)).compactMap { _ in letters.randomElement(using: &self) })
        }

        mutating func name() -> String {
            String(
                (1...Int.random(in: 1...20, using: &self)).compactMap { _ in "abcXYZ09".randomElement(using: &self) })
        }

        mutating func maybe<Value>(_ make: (inout Generator) -> Value) -> Value? {
            Bool.random(using: &self) ? make(&self) : nil
        }

        mutating func time() -> Timestamp { Timestamp(seconds: Int64.random(in: -5...2_000_000_000, using: &self)) }
        mutating func span() -> Span { Span(seconds: Int64.random(in: 0...100_000_000, using: &self)) }

        mutating func terms() -> Terms {
            let fields = (0..<Int.random(in: 0...3, using: &self)).map { _ in
                Field(
                    name: text(), label: text(), isSecret: .random(using: &self), isOptional: .random(using: &self),
                    role: Field.Role.allCases.randomElement(using: &self) ?? .key, pattern: maybe { $0.text() },
                    variable: maybe { $0.text() })
            }
            return Terms(
                label: text(), fields: fields, baseURL: text(), isTest: .random(using: &self), variablePrefix: text(),
                mode: .random(using: &self) ? .overlap : .cutover, maxAge: span(), lifetime: maybe { $0.span() },
                activationWindow: span(), allowsControl: .random(using: &self),
                deadWhen: Outcome.allCases.shuffled(using: &self).dropLast(7),
                attempts: AttemptBudget(most: Int.random(in: 0...9, using: &self), per: span()), panelPath: text())
        }

        mutating func version(_ number: Int) -> Version {
            var version = Version(
                number: number,
                state: [.pending, .current, .previous, .retired].randomElement(using: &self) ?? .current,
                createdAt: time(), activatedAt: maybe { $0.time() }, provedAt: maybe { $0.time() },
                expiresAt: maybe { $0.time() }, retiredAt: maybe { $0.time() }, refusedAt: maybe { $0.time() },
                refusals: Int.random(in: 0...3, using: &self), identity: maybe { $0.text() }, plain: [:],
                fingerprints: [:])
            for _ in 0..<Int.random(in: 0...3, using: &self) { version.plain[text()] = text() }
            for _ in 0..<Int.random(in: 0...3, using: &self) {
                version.fingerprints[text()] = Fingerprint(bytes: CredentialID.random().bytes)
            }
            return version
        }

        mutating func credential(_ terms: Terms) throws -> Credential {
            let bindings = try (0...Int.random(in: 0...2, using: &self)).map { _ in
                Binding(
                    address: try Address("\(name())/\(name())/\(name())" + (maybe { "@" + $0.name() } ?? "")),
                    prefix: maybe { $0.text() })
            }
            return Credential(
                id: .random(), provider: text(), environment: text(), terms: terms,
                hasOwnBaseURL: .random(using: &self),
                bindings: bindings, versions: (1...Int.random(in: 1...4, using: &self)).map { version($0) },
                maxAge: maybe { $0.span() }, note: text(), account: text(),
                lastCheck: maybe { generator in
                    Check(
                        outcome: Outcome.allCases.randomElement(using: &generator) ?? .ok, at: generator.time(),
                        version: 1,
                        balances: [Money(amount: "1.50", currency: generator.maybe { _ in "EUR" })].compactMap(\.self),
                        identity: generator.maybe { $0.text() }, latency: generator.maybe { _ in 7 },
                        status: generator.maybe { _ in 200 }, cause: generator.maybe { _ in .dns },
                        providerText: generator.maybe { $0.text() }, retryAfter: generator.maybe { $0.span() })
                })
        }
    }

    private func read(_ form: [UInt8], _ recent: inout RecentTerms, waste: Int = 0) throws(MalformedRecord)
        -> Credential
    {
        var reader = RecordReader(form + [UInt8](repeating: 1, count: waste), count: form.count, recentTerms: recent)
        let credential = try Credential(whole: &reader)
        if let terms = reader.recentTerms { recent = terms }
        return credential
    }

    @Test func `random records are the same in either way, and cut or longer ones malformed`() throws {
        var generator = Generator(state: seed)
        let terms = (0..<40).map { _ in generator.terms() }
        var recent = RecentTerms()
        for _ in 0..<400 {
            let credential = try generator.credential(terms.randomElement(using: &generator) ?? Scratch.terms)
            let form = credential.plainForm
            let waste = Int.random(in: 0...99, using: &generator)
            #expect(try read(form, &recent, waste: waste) == credential, "seed \(seed)")
            #expect(try Credential(plainForm: form) == credential, "seed \(seed)")
            // Its terms are known by now.
            #expect(try read(form, &recent, waste: waste) == credential, "seed \(seed)")
            let cut = Int.random(in: 0..<form.count, using: &generator)
            #expect(throws: MalformedRecord.self, "seed \(seed)") {
                try read(Array(form.prefix(cut)), &recent, waste: form.count - cut)
            }
            #expect(throws: MalformedRecord.self, "seed \(seed)") { try read(form + [0], &recent) }
        }
    }

    @Test func `a record with known terms is malformed when it is cut short anywhere`() throws {
        var generator = Generator(state: seed)
        let form = try generator.credential(Scratch.terms).plainForm
        var recent = RecentTerms()
        _ = try read(form, &recent)
        for count in 0..<form.count {
            #expect(throws: MalformedRecord.self, "seed \(seed)") {
                try read(Array(form.prefix(count)), &recent, waste: form.count - count)
            }
        }
    }

    @Test func `equal terms are shared, others are not`() throws {
        var generator = Generator(state: seed)
        var recent = RecentTerms()
        let one = try read(try generator.credential(Scratch.terms).plainForm, &recent)
        let other = try read(try generator.credential(Scratch.terms).plainForm, &recent)
        #expect(one.terms === other.terms)
        let third = try read(try generator.credential(generator.terms()).plainForm, &recent)
        #expect(third.terms != one.terms)
    }

    @Test func `a flipped bit is never overlooked`() throws {
        var generator = Generator(state: seed)
        let credential = try generator.credential(Scratch.terms)
        let form = credential.plainForm
        for place in form.indices {
            var changed = form
            changed[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            var recent = RecentTerms()
            _ = try read(form, &recent)
            let alone = try? Credential(plainForm: changed)
            #expect((try? read(changed, &recent)) == alone, "seed \(seed)")
            #expect(alone != credential, "seed \(seed)")
        }
    }
}

struct SideThreadTests {
    @Test func `what no thread begins is done by whoever asks for it`() {
        let stuck = DispatchSemaphore(value: 0)
        // The first piece holds the only thread; the second one must not wait for it.
        let side = SideThread<Int, Int>(isWorthIt: true) { number in
            if number == 1 { stuck.wait() }
            return number * 10
        }
        let first = side.begin(1)
        let second = side.begin(2)
        #expect(second.result() == 20)
        stuck.signal()
        #expect(first.result() == 10)
    }

    @Test(arguments: [true, false]) func `every piece is done once`(isWorthIt: Bool) {
        let count = Mutex(0)
        let side = SideThread<Int, Int>(isWorthIt: isWorthIt) { number in
            count.withLock { $0 += 1 }
            return number
        }
        let pieces = (0..<500).map { side.begin($0) }
        #expect(pieces.map { $0.result() } == Array(0..<500))
        #expect(count.withLock { $0 } == 500)
    }
}
