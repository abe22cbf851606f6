import Credentials
import Providers
import Sealing
import Testing
import Vault

@testable import Operations

/// The rotation machine, step by step, against a provider in memory.
struct RotationTests {
    @Test func `after a rollback whose key then dies, the only working key comes back`() async throws {
        let house = try await House(mode: .cutover)
        let second = house.provider.issue()
        _ = try await house.rotate(to: second)
        _ = try await house.keeper.rotations.rollBack(house.reference)
        #expect(try house.current() == house.first)
        house.provider.change(house.first) { $0.isDead = true }
        house.time.pass(601_000)
        let check = try await house.check()
        #expect(check.check.outcome == .badCredentials)
        #expect(check.accepted == [2])
        let status = try house.status()
        #expect(status.flags.contains(.refused))
        #expect(status.accepted.map(\.number) == [2])
        let report = try await house.comeBack(to: 2)
        #expect(report.rotation.state == .retiring)
        #expect(try house.current() == second)
        #expect(try house.value(1) == house.first)
        #expect(try house.status().flags.contains(.refused) == false)
    }

    @Test func `after an abort whose key then dies, the put-aside key comes back`() async throws {
        let house = try await House()
        let second = house.provider.issue()
        house.provider.behaviour { $0.outages = 6 }
        await #expect(throws: OperationError.self) { try await house.rotate(to: second) }
        house.provider.behaviour { $0.outages = 0 }
        _ = try await house.keeper.rotations.abort(house.reference)
        house.provider.change(house.first) { $0.isDead = true }
        _ = try await house.comeBack(to: 2)
        #expect(try house.current() == second)
    }

    @Test func `a version comes back through whatever rotation is open`() async throws {
        let house = try await House()
        let second = house.provider.issue()
        _ = try await house.rotate(to: second)
        let third = house.provider.issue()
        house.provider.behaviour { $0.outages = 6 }
        await #expect(throws: OperationError.self) { try await house.rotate(to: third) }
        house.provider.behaviour { $0.outages = 0 }
        house.provider.change(second) { $0.isDead = true }
        _ = try await house.comeBack(to: 1)
        #expect(try house.current() == house.first)
        #expect(try house.credential().kept.map(\.number) == [3, 2])
        #expect(try house.value(3) == third)
    }

    @Test func `a dead version does not come back, and nothing is lost by trying`() async throws {
        let house = try await House(window: 1)
        let second = house.provider.issue()
        _ = try await house.rotate(to: second)
        house.provider.change(house.first) { $0.isDead = true }
        await #expect(throws: OperationError.self) { try await house.comeBack(to: 1) }
        #expect(try house.current() == second)
        _ = try await house.keeper.rotations.abort(house.reference)
        #expect(try house.value(1) == house.first)
        await #expect(throws: OperationError.noSuchVersion(7, house.address, kept: [1])) {
            try await house.comeBack(to: 7)
        }
    }

    @Test func `of two plans one is carried out`() async throws {
        let house = try await House()
        let plan = try await house.plan()
        let other = try house.another()
        await #expect(throws: OperationError.self) {
            // The lock is the vault file's: whoever opens it meets it.
            _ = try await other.rotations.plan(house.reference, mode: nil, grace: Span(seconds: 1), issuing: false)
        }
        // As if there were no lock: the journal has changed since the plan was made.
        try house.keeper.rotations.begin(plan)
        var journal = try #require(try house.journal())
        journal.enter(.aborted, at: Timestamp(seconds: 1))
        let changed = journal
        try house.keeper.store.write { transaction throws(VaultError) in try transaction.put(changed) }
        #expect(throws: OperationError.planOutdated(house.address)) {
            try house.keeper.rotations.stage(
                plan, values: ["token": SecretBytes(house.provider.issue().utf8)], expires: nil,
                options: House.proof())
        }
        #expect(try house.credential().versions.count == 1)
    }

    @Test func `the downtime begins with the last request that the old key was accepted for`() async throws {
        let house = try await House(mode: .cutover)
        house.provider.behaviour {
            $0.hasOneKey = true
            $0.latency = 500
        }
        let plan = try await house.plan()
        let alive = house.time.monotonic - 500
        house.time.pass(5_000)
        let second = house.provider.issue(activeIn: 9_000)
        try house.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(second.utf8)], expires: nil, options: House.proof())
        let report = try await house.keeper.rotations.finish(plan, options: House.proof())
        // Without a target nobody was down.
        #expect(report.rotation.downtime == nil)
        let journal = report.rotation
        let wall = house.time.clock.wall(at: alive)
        #expect(journal.oldKeyLastAlive == wall)
        #expect(journal.oldKeyFirstDead == wall + 500 + 5_000 + 500)
        #expect(house.time.monotonic - alive >= 14_000)
    }

    @Test func `two living keys with different balances are a question`() async throws {
        let house = try await House(ScriptedProvider.Behaviour(namesAccount: false))
        let foreign = house.provider.issue("acct-2", balance: "7.00")
        await #expect {
            try await house.rotate(to: foreign)
        } throws: {
            if case OperationError.otherAccount = $0 { true } else { false }
        }
        #expect(try house.current() == house.first)
        let plan = try house.keeper.rotations.putAsideRefused(try await Self.anew(house))
        try house.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(foreign.utf8)], expires: nil, options: House.proof())
        _ = try await house.keeper.rotations.finish(plan, options: House.proof { _, _ in true })
        #expect(try house.current() == foreign)
    }

    /// The plan of the rotation that is open, for the paste that takes the refused one's place.
    private static func anew(_ house: House) async throws -> RotationPlan {
        try await house.plan(isReturn: true)
    }

    @Test func `where the profile says so, another answer ends an old key, but only beside a living new one`()
        async throws
    {
        let house = try await House(ScriptedProvider.Behaviour(outcomeOfDead: .forbidden), deadWhen: [.forbidden])
        let second = house.provider.issue()
        _ = try await house.rotate(to: second)
        house.provider.change(house.first) { $0.isDead = true }
        await #expect(throws: OperationError.self) {
            try await house.keeper.rotations.retire(house.reference, revoking: false)
        }
        house.time.pass(61_000)
        #expect(try await house.keeper.rotations.retire(house.reference, revoking: false).1.map(\.number) == [1])

        let strict = try await House(ScriptedProvider.Behaviour(outcomeOfDead: .forbidden))
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
        let house = try await House(mode: .cutover)
        house.provider.behaviour {
            $0.hasOneKey = true
            $0.bansAfter = 3
        }
        house.time.pass(700_000)
        let before = house.provider.wrongAttempts
        let plan = try await house.plan()
        let second = house.provider.issue(activeIn: 20_000)
        let issued = house.time.monotonic
        try house.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(second.utf8)], expires: nil, options: House.proof())
        _ = try await house.keeper.rotations.finish(plan, options: House.proof())
        #expect(try house.current() == second)
        #expect(house.provider.wrongAttempts - before <= 1)
        #expect(house.time.monotonic - issued < 31_000)
        #expect(house.provider.asked.filter { $0 == house.first }.count == 3)
        // The old key and the new one: two of three.
        #expect(try house.keeper.prober.attemptsLeft(house.credential().terms) == 1)
    }

    @Test func `an old key that is still accepted beside the new one has not ended yet`() async throws {
        let house = try await House(mode: .cutover)
        house.provider.behaviour { $0.latency = 500 }
        let report = try await house.rotate(to: house.provider.issue())
        // Both were asked at once; the control came after them.
        let began = house.time.clock.wall(at: house.time.monotonic - 1_000)
        #expect(report.rotation.oldKeyLastAlive == began)
        #expect(report.rotation.oldKeyFirstDead == nil)
    }

    @Test func `no more wrong keys are tried than the host may see`() async throws {
        let house = try await House(attempts: AttemptBudget(most: 3, per: Span(seconds: 600)))
        let second = house.provider.issue()
        _ = try await house.rotate(to: second)
        house.provider.change(second) { $0.isDead = true }
        house.provider.change(house.first) { $0.isDead = true }
        // The control took one at add.
        for _ in 0..<10 { _ = try await house.check() }
        #expect(house.provider.wrongAttempts == 3)
        #expect(try await house.check().check.outcome == .badCredentials)
        house.time.pass(601_000)
        _ = try await house.check()
        #expect(house.provider.wrongAttempts > 3)
        #expect(house.provider.wrongAttempts <= 6)
    }

    @Test func `where no control is allowed no wrong key is tried`() async throws {
        let house = try await House(mode: .cutover, allowsControl: false)
        house.provider.behaviour { $0.hasOneKey = true }
        let plan = try await house.plan()
        let second = house.provider.issue()
        try house.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(second.utf8)], expires: nil, options: House.proof())
        _ = try await house.keeper.rotations.finish(plan, options: House.proof())
        #expect(house.provider.wrongAttempts == 0)
        house.provider.change(second) { $0.isDead = true }
        #expect(try await house.check().untried == [1])
        #expect(house.provider.wrongAttempts == 1)
        #expect(house.provider.asked.filter { $0 == house.first }.count == 2)
        // The old key was accepted before the new one was issued: that says nothing of it by now.
        #expect(try house.status().flags.contains(.oldKeyAlive) == false)
    }

    @Test func `a clock that was far ahead makes nobody wait for years, and a jump erases nothing`() async throws {
        let house = try await House(attempts: AttemptBudget(most: 100, per: Span(seconds: 600)))
        let second = house.provider.issue()
        _ = try await house.rotate(to: second)
        house.provider.change(house.first) { $0.isDead = true }
        let years: Int64 = 10 * 365 * 86_400_000
        house.time.set(by: years)
        await #expect(throws: OperationError.self) {
            try await house.keeper.rotations.retire(house.reference, revoking: false)
        }
        house.time.set(by: -years)
        // Refused again, now: a minute from now it counts.
        let again = house.time.clock.now + Span(seconds: 60)
        await #expect(throws: OperationError.refusedOnce(again: again)) {
            try await house.keeper.rotations.retire(house.reference, revoking: false)
        }
        // Two seconds later a jump of a year.
        house.time.pass(2_000)
        house.time.set(by: years)
        await #expect(throws: OperationError.self) {
            try await house.keeper.rotations.retire(house.reference, revoking: false)
        }
        #expect(try house.value(1) == house.first)
        house.time.set(by: -years)
        #expect(
            try await house.keeper.rotations.retire(house.reference, revoking: false, staying: { _ in }).1.map(\.number)
                == [1])
    }

    @Test func `within one process the clock that nobody sets decides`() async throws {
        let house = try await House(attempts: AttemptBudget(most: 100, per: Span(seconds: 600)))
        _ = try await house.rotate(to: house.provider.issue())
        house.provider.change(house.first) { $0.isDead = true }
        let time = house.time
        await #expect(throws: OperationError.self) {
            try await house.keeper.rotations.retire(
                house.reference, revoking: false, staying: { _ in time.set(by: 120_000) })
        }
        #expect(try house.value(1) == house.first)
    }

    @Test func `a provider that asks to wait is waited for, as long as anybody would`() async throws {
        let house = try await House()
        let second = house.provider.issue()
        let before = house.time.monotonic
        let plan = try await house.plan()
        house.provider.behaviour {
            $0.retryAfter = 30
            $0.outages = 2
        }
        try house.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(second.utf8)], expires: nil, options: House.proof())
        _ = try await house.keeper.rotations.finish(plan, options: House.proof())
        #expect(house.time.monotonic - before >= 30_000)
        house.provider.behaviour {
            $0.retryAfter = 3600
            $0.outages = 1
        }
        let patient = house.time.monotonic
        #expect(try await house.check().check.outcome == .rateLimited)
        #expect(house.time.monotonic - patient < 60_000)
    }

    @Test func `a cutover tells who else has the key, and they are flagged after it`() async throws {
        let house = try await House(mode: .cutover)
        let terms = try house.credential().terms
        let other = try Address("cron/live/scripted")
        _ = try await house.keeper.registry.add(
            AddRequest(
                address: other, terms: terms, hasOwnBaseURL: true, values: ["token": SecretBytes(house.first.utf8)],
                checks: true, proof: House.proof(), prefix: nil, maxAge: nil, expires: nil, note: "", account: ""))
        let plan = try await house.plan()
        #expect(plan.sharers.flatMap(\.addresses) == [other])
        house.provider.behaviour { $0.hasOneKey = true }
        try house.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(house.provider.issue().utf8)], expires: nil, options: House.proof())
        _ = try await house.keeper.rotations.finish(plan, options: House.proof())
        let flags = try house.keeper.overview.status([]).first { $0.address == other }?.flags
        #expect(flags?.contains(.replaced) == true)
    }

    @Test func `another credential with the same key can be linked without losing one`() async throws {
        let house = try await House()
        let terms = try house.credential().terms
        let other = try Address("cron/live/scripted")
        let added = try await house.keeper.registry.add(
            AddRequest(
                address: other, terms: terms, hasOwnBaseURL: true, values: ["token": SecretBytes(house.first.utf8)],
                checks: true, proof: House.proof(), prefix: nil, maxAge: nil, expires: nil, note: "", account: ""))
        #expect(house.keeper.registry.canAbsorb(added.credential, into: try house.credential()))
        try house.keeper.registry.absorb(added.credential.id, into: house.address)
        #expect(try house.credential().addresses == [other, house.address])
        #expect(try house.current() == house.first)
        #expect(try house.keeper.custodian.verify().findings.isEmpty)
    }

    @Test func `a credential with a key of its own is not linked away`() async throws {
        let house = try await House()
        let other = try Address("cron/live/scripted")
        let key = house.provider.issue()
        let added = try await house.keeper.registry.add(
            AddRequest(
                address: other, terms: try house.credential().terms, hasOwnBaseURL: true,
                values: ["token": SecretBytes(key.utf8)], checks: true, proof: House.proof(), prefix: nil, maxAge: nil,
                expires: nil, note: "", account: ""))
        #expect(throws: OperationError.self) {
            try house.keeper.registry.absorb(added.credential.id, into: house.address)
        }
        #expect(try house.keeper.registry.show(.complete(other)).1.addresses == [other])
        #expect(try house.credential().addresses == [house.address])
    }

    @Test func `a refused paste gives way to the next`() async throws {
        let house = try await House(window: 1)
        let plan = try await house.plan()
        try house.keeper.rotations.begin(plan)
        try house.keeper.rotations.stage(
            plan, values: ["token": SecretBytes("fake-wrong".utf8)], expires: nil, options: House.proof())
        await #expect(throws: OperationError.self) {
            try await house.keeper.rotations.finish(plan, options: House.proof())
        }
        let next = try house.keeper.rotations.putAsideRefused(plan)
        let second = house.provider.issue()
        try house.keeper.rotations.stage(
            next, values: ["token": SecretBytes(second.utf8)], expires: nil, options: House.proof())
        _ = try await house.keeper.rotations.finish(next, options: House.proof())
        #expect(try house.current() == second)
        #expect(try house.credential().versions.map(\.number) == [1, 2, 3])
    }
}
