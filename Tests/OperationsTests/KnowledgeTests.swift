import Credentials
import Providers
import Sealing
import Testing
import Vault

@testable import Operations

/// What is known of each key after an answer: nobody is told that a refused key works, or to end the only good one.
struct KnowledgeTests {
    static let many = AttemptBudget(most: 100, per: Span(seconds: 600))

    /// Five rotations, and time until their wrong keys are forgotten.
    static func sixKeys(of bed: TestBed) async throws -> [String] {
        var keys = [bed.first]
        for _ in 0..<5 {
            keys.append(bed.provider.issue())
            _ = try await bed.rotate(to: keys[keys.count - 1])
        }
        bed.time.pass(601_000)
        return keys
    }

    @Test(arguments: [(Int64.max, Int64.max), (.min, .min), (.max, .min), (.min, .max), (1, .max)])
    func `a moment that cannot be is now, or the beginning`(began: Int64, ended: Int64) async throws {
        let bed = try await TestBed(attempts: Self.many)
        bed.provider.behaviour { $0.moments = (began, ended) }
        #expect(try await bed.check().check.outcome == .ok)
        _ = try await bed.rotate(to: bed.provider.issue())
        bed.provider.change(try bed.current()) { $0.isDead = true }
        #expect(try await bed.check().check.outcome == .badCredentials)
        let rotation = try #require(try bed.journal())
        let alive = try #require(rotation.oldKeyLastAlive)
        #expect(alive <= bed.time.clock.wall() && alive >= bed.time.clock.wall() - bed.time.monotonic)
    }

    @Test func `a retire that meets a dead current key tells which one works, and status knows`() async throws {
        let bed = try await TestBed(attempts: Self.many)
        _ = try await bed.rotate(to: bed.provider.issue())
        _ = try await bed.keeper.rotations.rollBack(bed.reference)
        bed.provider.change(bed.first) { $0.isDead = true }
        await #expect {
            try await bed.keeper.rotations.retire(bed.reference, revoking: false)
        } throws: {
            if case OperationError.currentNotAccepted(_, _, accepted: 2) = $0 { true } else { false }
        }
        let status = try bed.status()
        #expect(status.flags.contains(.refused))
        #expect(status.accepted.map(\.number) == [2])
    }

    @Test func `where both keys are dead, none is called accepted`() async throws {
        let bed = try await TestBed(attempts: Self.many)
        let second = bed.provider.issue()
        _ = try await bed.rotate(to: second)
        bed.provider.change(second) { $0.isDead = true }
        #expect(try await bed.check().accepted == [1])
        bed.provider.change(bed.first) { $0.isDead = true }
        // In the same second.
        #expect(try await bed.check().accepted == [])
        let status = try bed.status()
        #expect(status.accepted.isEmpty)
        #expect(!status.flags.contains(.oldKeyAlive))
        bed.provider.change(bed.first) { $0.isDead = false }
        #expect(try await bed.check().accepted == [1])
    }

    @Test func `what a pre-flight learns of the current key is kept`() async throws {
        let bed = try await TestBed(attempts: Self.many)
        bed.provider.change(bed.first) { $0.isDead = true }
        _ = try await bed.plan()
        #expect(try bed.status().flags.contains(.refused))
        bed.provider.change(bed.first) { $0.isDead = false }
        _ = try await bed.plan()
        #expect(try bed.status().flags.contains(.refused) == false)
    }

    @Test func `refusals while the current key is refused too bring no old key nearer to its end`() async throws {
        let bed = try await TestBed(attempts: Self.many)
        _ = try await bed.rotate(to: bed.provider.issue())
        bed.provider.behaviour { $0.refusesEverybody = true }
        for _ in 0..<2 {
            await #expect(throws: OperationError.self) {
                try await bed.keeper.rotations.retire(bed.reference, revoking: false)
            }
            bed.time.pass(61_000)
        }
        bed.provider.behaviour { $0.refusesEverybody = false }
        bed.provider.change(bed.first) { $0.isDead = true }
        await #expect {
            try await bed.keeper.rotations.retire(bed.reference, revoking: false)
        } throws: {
            if case OperationError.refusedOnce = $0 { true } else { false }
        }
        #expect(try bed.value(1) == bed.first)
    }

    @Test func `of many old keys no more are asked than the host may see, and none while the current one is dead`()
        async throws
    {
        let bed = try await TestBed()
        let keys = try await Self.sixKeys(of: bed)
        for key in keys.dropLast() { bed.provider.change(key) { $0.isDead = true } }
        var before = bed.provider.wrongAttempts
        await #expect(throws: OperationError.self) {
            try await bed.keeper.rotations.retire(bed.reference, revoking: false)
        }
        #expect(bed.provider.wrongAttempts - before == 3)
        bed.time.pass(601_000)
        bed.provider.change(keys[5]) { $0.isDead = true }
        before = bed.provider.wrongAttempts
        await #expect(throws: OperationError.self) {
            try await bed.keeper.rotations.retire(bed.reference, revoking: false)
        }
        #expect(bed.provider.wrongAttempts - before == 1)
    }

    @Test func `where the host may see no wrong key, no old one is asked`() async throws {
        let bed = try await TestBed()
        let keys = try await Self.sixKeys(of: bed)
        for key in keys.dropLast() { bed.provider.change(key) { $0.isDead = true } }
        for _ in 0..<3 { try bed.keeper.prober.takeAttempt(bed.credential().terms) }
        let before = bed.provider.wrongAttempts
        await #expect {
            try await bed.keeper.rotations.retire(bed.reference, revoking: false)
        } throws: {
            if case OperationError.attemptsSpent = $0 { true } else { false }
        }
        #expect(bed.provider.wrongAttempts == before)
    }

    @Test func `the one old key that lives is found in the end, and until then it is said what was not tried`()
        async throws
    {
        let bed = try await TestBed()
        let keys = try await Self.sixKeys(of: bed)
        for key in keys where key != keys[1] { bed.provider.change(key) { $0.isDead = true } }
        let before = bed.provider.wrongAttempts
        let first = try await bed.check()
        #expect(bed.provider.wrongAttempts - before == 3)
        #expect(first.accepted.isEmpty && first.untried == [3, 2, 1])
        #expect(try bed.status().accepted.isEmpty)
        bed.time.pass(601_000)
        // Those that were not refused yet come first.
        let second = try await bed.check()
        #expect(second.accepted == [2])
        #expect(try bed.status().accepted.map(\.number) == [2])
    }

    @Test func `no new credential is tried at a host that has seen enough wrong keys`() async throws {
        let bed = try await TestBed(attempts: AttemptBudget(most: 2, per: Span(seconds: 600)))
        func add(_ key: String) async throws {
            _ = try await bed.add(Address("cron/live/scripted"), key)
        }
        let before = bed.provider.wrongAttempts
        for number in 1...4 { await #expect(throws: OperationError.self) { try await add("fake-wrong-\(number)") } }
        #expect(bed.provider.wrongAttempts - before == 1)
        bed.time.pass(601_000)
        try await add(bed.provider.issue())
    }

    @Test func `a key that comes back while the old one is known to be dead has no grace to wait for`() async throws {
        let bed = try await TestBed(attempts: Self.many)
        let second = bed.provider.issue()
        _ = try await bed.rotate(to: second)
        bed.provider.change(second) { $0.isDead = true }
        let report = try await bed.comeBack(to: 1)
        #expect(report.rotation.state == .retiring)
        #expect(report.rotation.graceUntil == nil)
    }

    @Test(arguments: [Terms.Mode.overlap, .cutover])
    func `an old key without an answer is no way past the question whose account it is`(mode: Terms.Mode) async throws {
        let bed = try await TestBed(ScriptedProvider.Behaviour(namesAccount: false), mode: mode)
        let foreign = bed.provider.issue("acct-2", balance: "5.00")
        // What it showed before the new key was there is still known.
        await #expect {
            let plan = try await bed.plan()
            bed.provider.behaviour { $0.isSilentFor = bed.first }
            try bed.keeper.rotations.stage(
                plan, values: ["token": SecretBytes(foreign.utf8)], expires: nil, options: TestBed.proof())
            _ = try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
        } throws: {
            if case OperationError.otherAccount = $0 { true } else { false }
        }
        #expect(try bed.current() == bed.first)
        guard mode == .overlap else { return }
        await #expect {
            try await bed.keeper.rotations.resume(bed.reference, options: TestBed.proof())
        } throws: {
            if case OperationError.indeterminate = $0 { true } else { false }
        }
        _ = try await bed.keeper.rotations.resume(bed.reference, options: TestBed.proof { old, _ in old.isEmpty })
        #expect(try bed.current() == foreign)
    }

    @Test func `one amount in two spellings is no other account`() async throws {
        let bed = try await TestBed(ScriptedProvider.Behaviour(namesAccount: false))
        _ = try await bed.rotate(to: bed.provider.issue(balance: "100.0"))
        _ = try await bed.rotate(to: bed.provider.issue(balance: "0100"))
        let money = ["-0.0", "12.50", "007", ".5", "1000"].map { Money(amount: $0, currency: nil)?.normalized.amount }
        #expect(money == ["0", "12.5", "7", nil, "1000"])
    }

    @Test func `a provider that issues the key that there is has issued none`() async throws {
        let bed = try await TestBed()
        bed.provider.behaviour { $0.issued = bed.first + "\n" }
        await #expect(throws: OperationError.issuedOld(panelPath: "Account > Keys")) {
            try await bed.keeper.rotations.stageIssued(try await bed.plan(), expires: nil, options: TestBed.proof())
        }
        #expect(try bed.credential().versions.count == 1)
        #expect(try bed.journal()?.state == .aborted)
        #expect(bed.keeper.store.vault.emergencyFiles().isEmpty)
    }

    @Test func `an issued key has no white space round it, and is otherwise as it came`() async throws {
        let bed = try await TestBed()
        let key = bed.provider.issue()
        bed.provider.behaviour { $0.issued = key + "\n" }
        let plan = try await bed.plan()
        try await bed.keeper.rotations.stageIssued(plan, expires: nil, options: TestBed.proof())
        _ = try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
        #expect(try bed.current() == key)
    }

    @Test func `a key from an emergency file is the one that its rotation waits for`() async throws {
        let bed = try await TestBed()
        let key = bed.provider.issue()
        let plan = try await bed.plan()
        try bed.keeper.rotations.begin(plan)
        func leave() throws {
            let file = try bed.keeper.store.vault.reserveEmergencyFile()
            try file.fill(
                IssuedValues(
                    credential: bed.credential().id, values: ["token": SecretBytes(key.utf8)], expires: nil,
                    at: bed.time.clock.now))
        }
        try leave()
        let found = bed.keeper.rotations.takeInEmergencyFiles()
        #expect(found.left.isEmpty && found.taken.map(\.isStaged) == [true])
        _ = try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
        #expect(try bed.current() == key)
        // The same again: it is known.
        try leave()
        #expect(bed.keeper.rotations.takeInEmergencyFiles().taken.isEmpty)
        #expect(bed.keeper.store.vault.emergencyFiles().isEmpty)
    }
}
