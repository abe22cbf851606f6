import Credentials
import Providers
import Sealing
import Testing
import Vault

@testable import Operations

/// The rotation machine, step by step, against a provider in memory.
struct RotationTests {
    @Test func `after a rollback whose key then dies, the only working key comes back`() async throws {
        let bed = try await TestBed(mode: .cutover)
        let second = bed.provider.issue()
        _ = try await bed.rotate(to: second)
        _ = try await bed.keeper.rotations.rollBack(bed.reference)
        #expect(try bed.current() == bed.first)
        bed.provider.change(bed.first) { $0.isDead = true }
        bed.time.pass(601_000)
        let check = try await bed.check()
        #expect(check.check.outcome == .badCredentials)
        #expect(check.accepted == [2])
        let status = try bed.status()
        #expect(status.flags.contains(.refused))
        #expect(status.accepted.map(\.number) == [2])
        let report = try await bed.comeBack(to: 2)
        #expect(report.rotation.state == .retiring)
        #expect(try bed.current() == second)
        #expect(try bed.value(1) == bed.first)
        #expect(try bed.status().flags.contains(.refused) == false)
    }

    @Test func `after an abort whose key then dies, the put-aside key comes back`() async throws {
        let bed = try await TestBed()
        let second = bed.provider.issue()
        bed.provider.behaviour { $0.outages = 6 }
        await #expect(throws: OperationError.self) { try await bed.rotate(to: second) }
        bed.provider.behaviour { $0.outages = 0 }
        _ = try await bed.keeper.rotations.abort(bed.reference)
        bed.provider.change(bed.first) { $0.isDead = true }
        _ = try await bed.comeBack(to: 2)
        #expect(try bed.current() == second)
    }

    @Test func `a version comes back through whatever rotation is open`() async throws {
        let bed = try await TestBed()
        let second = bed.provider.issue()
        _ = try await bed.rotate(to: second)
        let third = bed.provider.issue()
        bed.provider.behaviour { $0.outages = 6 }
        await #expect(throws: OperationError.self) { try await bed.rotate(to: third) }
        bed.provider.behaviour { $0.outages = 0 }
        bed.provider.change(second) { $0.isDead = true }
        _ = try await bed.comeBack(to: 1)
        #expect(try bed.current() == bed.first)
        #expect(try bed.credential().kept.map(\.number) == [3, 2])
        #expect(try bed.value(3) == third)
    }

    @Test func `a dead version does not come back, and nothing is lost by trying`() async throws {
        let bed = try await TestBed(window: 1)
        let second = bed.provider.issue()
        _ = try await bed.rotate(to: second)
        bed.provider.change(bed.first) { $0.isDead = true }
        await #expect(throws: OperationError.self) { try await bed.comeBack(to: 1) }
        #expect(try bed.current() == second)
        _ = try await bed.keeper.rotations.abort(bed.reference)
        #expect(try bed.value(1) == bed.first)
        await #expect(throws: OperationError.noSuchVersion(7, bed.address, kept: [1])) {
            try await bed.comeBack(to: 7)
        }
    }

    @Test func `of two plans one is carried out`() async throws {
        let bed = try await TestBed()
        let plan = try await bed.plan()
        let other = try bed.another()
        await #expect(throws: OperationError.self) {
            // The lock is the vault file's: whoever opens it meets it.
            _ = try await other.rotations.plan(bed.reference, mode: nil, grace: Span(seconds: 1), issuing: false)
        }
        // As if there were no lock: the journal has changed since the plan was made.
        try bed.keeper.rotations.begin(plan)
        var journal = try #require(try bed.journal())
        journal.enter(.aborted, at: Timestamp(seconds: 1))
        let changed = journal
        try bed.keeper.store.write { transaction throws(VaultError) in try transaction.put(changed) }
        #expect(throws: OperationError.planOutdated(bed.address)) {
            try bed.keeper.rotations.stage(
                plan, values: ["token": SecretBytes(bed.provider.issue().utf8)], expires: nil,
                options: TestBed.proof())
        }
        #expect(try bed.credential().versions.count == 1)
    }

    @Test func `the downtime begins with the last request that the old key was accepted for`() async throws {
        let bed = try await TestBed(mode: .cutover)
        bed.provider.behaviour {
            $0.hasOneKey = true
            $0.latency = 500
        }
        let plan = try await bed.plan()
        let alive = bed.time.monotonic - 500
        bed.time.pass(5_000)
        let second = bed.provider.issue(activeIn: 9_000)
        try bed.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(second.utf8)], expires: nil, options: TestBed.proof())
        let report = try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
        // Without a target nobody was down.
        #expect(report.rotation.downtime == nil)
        let journal = report.rotation
        let wall = bed.time.clock.wall(at: alive)
        #expect(journal.oldKeyLastAlive == wall)
        #expect(journal.oldKeyFirstDead == wall + 500 + 5_000 + 500)
        #expect(bed.time.monotonic - alive >= 14_000)
    }

    @Test func `two living keys with different balances are a question`() async throws {
        let bed = try await TestBed(ScriptedProvider.Behaviour(namesAccount: false))
        let foreign = bed.provider.issue("acct-2", balance: "7.00")
        await #expect {
            try await bed.rotate(to: foreign)
        } throws: {
            if case OperationError.otherAccount = $0 { true } else { false }
        }
        #expect(try bed.current() == bed.first)
        let plan = try bed.keeper.rotations.putAsideRefused(try await Self.anew(bed))
        try bed.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(foreign.utf8)], expires: nil, options: TestBed.proof())
        _ = try await bed.keeper.rotations.finish(plan, options: TestBed.proof { _, _ in true })
        #expect(try bed.current() == foreign)
    }

    /// The plan of the rotation that is open, for the paste that takes the refused one's place.
    static func anew(_ bed: TestBed) async throws -> RotationPlan {
        try await bed.plan(isReturn: true)
    }

    @Test func `where the profile says so, another answer ends an old key, but only beside a living new one`()
        async throws
    {
        let bed = try await TestBed(ScriptedProvider.Behaviour(outcomeOfDead: .forbidden), deadWhen: [.forbidden])
        let second = bed.provider.issue()
        _ = try await bed.rotate(to: second)
        bed.provider.change(bed.first) { $0.isDead = true }
        await #expect(throws: OperationError.self) {
            try await bed.keeper.rotations.retire(bed.reference, revoking: false)
        }
        bed.time.pass(61_000)
        #expect(try await bed.keeper.rotations.retire(bed.reference, revoking: false).1.map(\.number) == [1])

        let strict = try await TestBed(ScriptedProvider.Behaviour(outcomeOfDead: .forbidden))
        _ = try await strict.rotate(to: strict.provider.issue())
        strict.provider.change(strict.first) { $0.isDead = true }
        for _ in 0..<3 {
            await #expect(throws: OperationError.self) {
                try await strict.keeper.rotations.retire(strict.reference, revoking: false)
            }
            strict.time.pass(61_000)
        }
        #expect(try strict.credential().version(number: 1)?.isRetired == false)
    }

    @Test func `a key that becomes live late is found soon, with one wrong attempt`() async throws {
        let bed = try await TestBed(mode: .cutover)
        bed.provider.behaviour {
            $0.hasOneKey = true
            $0.bansAfter = 3
        }
        bed.time.pass(700_000)
        let before = bed.provider.wrongAttempts
        let plan = try await bed.plan()
        let second = bed.provider.issue(activeIn: 20_000)
        let issued = bed.time.monotonic
        try bed.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(second.utf8)], expires: nil, options: TestBed.proof())
        _ = try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
        #expect(try bed.current() == second)
        #expect(bed.provider.wrongAttempts - before <= 1)
        #expect(bed.time.monotonic - issued < 31_000)
        #expect(bed.provider.asked.filter { $0 == bed.first }.count == 3)
        // The old key and the new one: two of three.
        #expect(try bed.keeper.prober.attemptsLeft(bed.credential().terms) == 1)
    }

    @Test func `an old key that is still accepted beside the new one has not ended yet`() async throws {
        let bed = try await TestBed(mode: .cutover)
        bed.provider.behaviour { $0.latency = 500 }
        let report = try await bed.rotate(to: bed.provider.issue())
        // Both were asked at once; the control came after them.
        let began = bed.time.clock.wall(at: bed.time.monotonic - 1_000)
        #expect(report.rotation.oldKeyLastAlive == began)
        #expect(report.rotation.oldKeyFirstDead == nil)
    }
}
